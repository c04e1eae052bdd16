"""TLS towards the broker, with its certificate always checked."""

import ssl

from jidoka.runtime.errors import ConfigError
from jidoka.runtime.settings import MqttSettings


def tls_context(settings: MqttSettings) -> ssl.SSLContext:
    """The context for the broker's settings. Raises ConfigError when a file cannot be used."""
    try:
        context = ssl.create_default_context(cafile=settings.ca_file)
        if settings.cert_file:
            context.load_cert_chain(settings.cert_file, settings.key_file)
    except OSError as error:  # ssl.SSLError is one
        raise ConfigError(f"MQTT_CA_FILE, MQTT_CERT_FILE, MQTT_KEY_FILE: cannot be used: {error}") from error
    return context
