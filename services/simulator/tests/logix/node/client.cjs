// Reads and writes tags with st-ethernet-ip and prints what it read as one line of JSON.
// Usage: node client.cjs PORT connected|unconnected, in a folder where the package is installed.
const { createRequire } = require("node:module");
const installed = createRequire(`${process.cwd()}/`);
const config = installed("st-ethernet-ip/dist/config");
const { Controller, Tag } = installed("st-ethernet-ip");

const [port, mode] = process.argv.slice(2);
config.EIP_PORT = Number(port);

const WRITES = { OneBOOL: true, OneSINT: -3, OneINT: -300, OneDINT: 70000, OneLINT: 5n, OneREAL: 1.5 };

async function writeAndRead(plc, tag, value) {
  await plc.readTag(tag);
  tag.value = value;
  await plc.writeTag(tag);
  await plc.readTag(tag);
  return tag.value;
}

async function main() {
  const plc = new Controller(mode === "connected");
  await plc.connect("127.0.0.1", 0);
  const seen = { name: plc.properties.name, version: plc.properties.version, faulted: plc.properties.faulted };
  seen.tags = plc.tagList.map((tag) => tag.name);
  for (const [name, value] of Object.entries(WRITES)) {
    seen[name] = await writeAndRead(plc, new Tag(name), value);
  }
  seen.Step = await writeAndRead(plc, plc.newTag("Step", "MainProgram"), 5);
  seen.Text = await writeAndRead(plc, plc.newTag("Text"), "abc");

  const station = plc.newTag("AOI1");
  await plc.readTag(station);
  station.value.Parts[3].Serial = "SN-3";
  station.value.Parts[3].Bad = true;
  station.value.Counter = 77;
  await plc.writeTag(station);
  await plc.readTag(station);
  seen.AOI1 = station.value;

  const many = plc.newTag("Many", null, false, 1, 5000);
  await plc.readTag(many);
  seen.Many = many.value.length;
  await plc.disconnect();
  const plain = (_, value) => (typeof value === "bigint" ? Number(value) : value);
  process.stdout.write(JSON.stringify(seen, plain));
}

main().then(
  () => process.exit(0),
  (error) => {
    console.error(error);
    process.exit(1);
  },
);
