/* Many WebSocket clients in one thread: counts messages that carry a send time, and how long they took.
 *
 *   fanout_client PORT DEAF MQTT MARKER   < lines of request paths, one a client
 *
 * The first DEAF clients never read again after the handshake. With MQTT 1 each client speaks MQTT 3.1.1 inside the
 * WebSocket and subscribes to `#`. Prints `ready`, answers a line `go` with `going` and counts from there; at the end
 * of its input it prints one JSON object: clients, lost (connections that ended), messages, bytes, and p50, p99 and max in milliseconds.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MOST 4096
#define ROOM (1 << 22)

struct client { int fd; int deaf; size_t held; size_t room; unsigned char *data; };
static struct client clients[MOST];
static int count, lost;
static const char *marker;
static size_t marker_size;
static double *took;
static size_t messages, room_for;
static unsigned long long bytes_read;
static double since;

static double now_us(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

static void die(const char *what) { perror(what); exit(1); }

static void send_frame(int fd, int opcode, const unsigned char *data, size_t size) {
  unsigned char frame[256] = {(unsigned char)(0x80 | opcode), (unsigned char)(0x80 | size), 0, 0, 0, 0};
  memcpy(frame + 6, data, size); /* a mask of zeros leaves the data as it is */
  if (write(fd, frame, size + 6) != (ssize_t)(size + 6)) die("write");
}

static void receive(struct client *c, int wait_ms) {
  struct pollfd p = {c->fd, POLLIN, 0};
  if (wait_ms && poll(&p, 1, wait_ms) <= 0) die("no answer");
  if (c->room - c->held < 65536) {
    c->room = c->room ? c->room * 2 : 131072;
    if (c->room > ROOM || !(c->data = realloc(c->data, c->room))) die("message too large");
  }
  ssize_t n = read(c->fd, c->data + c->held, c->room - c->held);
  if (n == 0 || (n < 0 && errno != EAGAIN)) { close(c->fd); c->fd = -1; lost++; return; }
  if (n > 0) { c->held += (size_t)n; bytes_read += (unsigned long long)n; }
}

static void consume(struct client *c, size_t size) { memmove(c->data, c->data + size, c->held -= size); }

/* The size of the frame at `data`, 0 while it is not whole; `head` is set to the size of its header. */
static size_t frame_size(const unsigned char *data, size_t held, size_t *head) {
  if (held < 2) return 0;
  size_t size = data[1] & 0x7f;
  *head = 2;
  if (size == 126) { if (held < 4) return 0; size = (size_t)data[2] << 8 | data[3]; *head = 4; }
  else if (size == 127) {
    if (held < 10) return 0;
    size = 0;
    for (int i = 2; i < 10; i++) size = size << 8 | data[i];
    *head = 10;
  }
  return held >= *head + size ? *head + size : 0;
}

static void note(const unsigned char *data, size_t size) {
  const unsigned char *at = data, *end = data + size;
  double now = now_us();
  while ((at = memmem(at, (size_t)(end - at), marker, marker_size))) {
    at += marker_size;
    double sent = strtod((const char *)at, NULL);
    if (sent < since) continue;
    if (messages == room_for && !(took = realloc(took, (room_for = room_for ? room_for * 2 : 65536) * sizeof *took))) die("memory");
    took[messages++] = (now - sent) / 1e3;
  }
}

static void frames(struct client *c) {
  size_t done = 0, head = 0, size;
  while ((size = frame_size(c->data + done, c->held - done, &head))) {
    unsigned char *payload = c->data + done + head;
    int opcode = c->data[done] & 0x0f;
    if (opcode == 9) send_frame(c->fd, 10, payload, size - head);
    else if (opcode != 8) note(payload, size - head);
    done += size;
  }
  if (done) consume(c, done);
}

static void join(struct client *c, int port, const char *path, int mqtt) {
  struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  int one = 1, small = 4096;
  char request[1024];
  inet_pton(AF_INET, "127.0.0.1", &where.sin_addr);
  c->fd = socket(AF_INET, SOCK_STREAM, 0);
  if (c->deaf) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  if (connect(c->fd, (struct sockaddr *)&where, sizeof where)) die("connect");
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  int n = snprintf(request, sizeof request,
                   "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                   "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n%s\r\n",
                   path, port, mqtt ? "Sec-WebSocket-Protocol: mqtt\r\n" : "");
  if (write(c->fd, request, (size_t)n) != n) die("write");
  unsigned char *end = NULL;
  while (!end) {
    receive(c, 30000);
    if (c->fd < 0) die("refused");
    end = memmem(c->data, c->held, "\r\n\r\n", 4);
  }
  if (memcmp(c->data, "HTTP/1.1 101", 12)) { fprintf(stderr, "%.*s\n", (int)c->held, c->data); exit(1); }
  consume(c, (size_t)(end + 4 - c->data));
  if (mqtt) {
    unsigned char hello[] = {0x10, 18, 0, 4, 'M', 'Q', 'T', 'T', 4, 2, 0, 60, 0, 6, 'b', '0', '0', '0', '0', '0'};
    unsigned char wish[] = {0x82, 6, 0, 1, 0, 1, '#', 0};
    size_t head;
    int number = (int)(c - clients);
    for (int i = 19; i > 15; i--, number /= 10) hello[i] = (unsigned char)('0' + number % 10);
    send_frame(c->fd, 2, hello, sizeof hello);
    send_frame(c->fd, 2, wish, sizeof wish);
    while (!frame_size(c->data, c->held, &head)) receive(c, 10000);
  }
  fcntl(c->fd, F_SETFL, O_NONBLOCK);
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

int main(int argc, char **argv) {
  char line[512];
  if (argc != 5) return 2;
  int deaf = atoi(argv[2]), mqtt = atoi(argv[3]), poller = epoll_create1(0);
  marker = argv[4];
  marker_size = strlen(marker);
  while (count < MOST && fgets(line, sizeof line, stdin) && line[0] != '\n') {
    line[strcspn(line, "\n")] = 0;
    clients[count].deaf = count < deaf;
    join(&clients[count], atoi(argv[1]), line, mqtt);
    if (!clients[count].deaf) {
      struct epoll_event wanted = {.events = EPOLLIN, .data.ptr = &clients[count]};
      epoll_ctl(poller, EPOLL_CTL_ADD, clients[count].fd, &wanted);
    }
    count++;
  }
  struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(poller, EPOLL_CTL_ADD, 0, &input);
  puts("ready");
  fflush(stdout);
  since = 1e300;
  for (int running = 1; running;) {
    struct epoll_event ready[256];
    int n = epoll_wait(poller, ready, 256, -1);
    for (int i = 0; i < n; i++) {
      struct client *c = ready[i].data.ptr;
      if (!c) {
        ssize_t said = read(0, line, sizeof line);
        if (said <= 0) running = 0;
        else if (line[0] == 'g') { since = now_us(); bytes_read = 0; puts("going"); fflush(stdout); }
        continue;
      }
      if (c->fd >= 0) receive(c, 0);
      if (c->fd >= 0) frames(c);
    }
  }
  qsort(took, messages, sizeof *took, by_size);
  double p50 = messages ? took[messages / 2] : 0, p99 = messages ? took[messages * 99 / 100] : 0;
  printf("{\"clients\": %d, \"lost\": %d, \"messages\": %zu, \"bytes\": %llu, \"p50\": %.3f, \"p99\": %.3f, \"max\": %.3f}\n",
         count, lost, messages, bytes_read, p50, p99, messages ? took[messages - 1] : 0);
  return 0;
}
