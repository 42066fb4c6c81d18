#include "master/survivors/fdstore.h"

#include "common/clock.h"
#include "common/fail.h"
#include "common/fd.h"
#include "common/log.h"
#include "common/loglimit.h"
#include "common/mem.h"
#include "common/queue.h"
#include "common/sock.h"
#include "common/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define FDSTORE_FIRST 3       /* the first descriptor that is passed */
#define FDSTORE_RECEIVED 4096 /* at most */
#define FDSTORE_MOVED 64      /* above the descriptors that have fixed numbers */
#define FDSTORE_FDS 3         /* of one process */
#define FDSTORE_QUEUE 4096    /* messages that wait */
#define FDSTORE_AGAIN_MS 20
#define FDSTORE_TEXT 320

struct received {
	int fd;     /* -1 = taken */
	char *name; /* NULL = unknown */
};

struct message {
	STAILQ_ENTRY(message) in_queue;
	pid_t pid;
	int fds[FDSTORE_FDS]; /* duplicates, owned */
	size_t count;         /* 0 = the removal */
};

STAILQ_HEAD(message_list, message);

struct fdstore {
	struct received *received;
	size_t count;
	struct sockaddr_un to;
	socklen_t length; /* 0 = nothing is stored */
	struct source *timer;
	struct message_list queue;
	size_t waiting;
	struct log_limit failures;
};

/* --- at the start ------------------------------------------------------------------ */

/* New: the n-th of the names, which colons separate; NULL = there is none. */
static char *
fdstore_name(const char *names, size_t n)
{
	for (; names != NULL && n > 0; n--) {
		names = strchr(names, ':');
		names = names != NULL ? names + 1 : NULL;
	}
	return names != NULL ? strndup(names, strcspn(names, ":")) : NULL;
}

struct fdstore *
fdstore_receive(const char *pid, const char *count, const char *names, pid_t ours)
{
	struct fdstore *store = calloc(1, sizeof(*store));
	int64_t meant, number;

	if (store == NULL)
		return NULL;
	STAILQ_INIT(&store->queue);
	if (pid == NULL || count == NULL || str_to_int(pid, &meant) == -1 ||
	    meant != ours || str_to_int(count, &number) == -1 || number <= 0 ||
	    number > FDSTORE_RECEIVED)
		return store;
	store->received = calloc((size_t)number, sizeof(*store->received));
	for (int i = 0; store->received != NULL && i < number; i++) {
		int fd = fcntl(FDSTORE_FIRST + i, F_DUPFD_CLOEXEC, FDSTORE_MOVED);

		if (fd == -1)
			continue;
		close(FDSTORE_FIRST + i);
		store->received[store->count++] = (struct received){
			.fd = fd,
			.name = fdstore_name(names, (size_t)i),
		};
	}
	return store;
}

int
fdstore_take(struct fdstore *store, uint64_t pipe, int mode)
{
	struct stat st;

	for (size_t i = 0; pipe != 0 && i < store->count; i++) {
		int fd = store->received[i].fd;

		if (fd == -1 || fstat(fd, &st) == -1 || !S_ISFIFO(st.st_mode) ||
		    st.st_ino != pipe || (fcntl(fd, F_GETFL) & O_ACCMODE) != mode)
			continue;
		store->received[i].fd = -1;
		return fd;
	}
	return -1;
}

/* --- messages ---------------------------------------------------------------------- */

static int
fdstore_send(const struct fdstore *store, const char *text, const int *fds, size_t count)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int) * FDSTORE_FDS)];
		struct cmsghdr align;
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)(uintptr_t)text, strlen(text) };
	struct sockaddr_un to = store->to;
	struct msghdr message = {
		.msg_name = &to,
		.msg_namelen = store->length,
		.msg_iov = &part,
		.msg_iovlen = 1,
	};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct cmsghdr *header;
	ssize_t sent;

	if (fd == -1)
		return -1;
	if (count > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(sizeof(int) * count);
		header = CMSG_FIRSTHDR(&message);
		header->cmsg_level = SOL_SOCKET;
		header->cmsg_type = SCM_RIGHTS;
		header->cmsg_len = CMSG_LEN(sizeof(int) * count);
		memcpy(CMSG_DATA(header), fds, sizeof(int) * count);
	}
	sent = sendmsg(fd, &message, MSG_NOSIGNAL);
	fd_close(fd);
	return sent == -1 ? -1 : 0;
}

/* 0, or -1 with errno. */
static int
fdstore_transmit(const struct fdstore *store, const struct message *message)
{
	char text[FDSTORE_TEXT];

	snprintf(text, sizeof(text), "%s\nFDNAME=" FDSTORE_NAME "%d",
	    message->count > 0 ? "FDSTORE=1\nFDPOLL=0" : "FDSTOREREMOVE=1",
	    (int)message->pid);
	return fdstore_send(store, text, message->fds, message->count);
}

static void
fdstore_free_message(struct message *message)
{
	for (size_t i = 0; i < message->count; i++)
		close(message->fds[i]);
	free(message);
}

/* False while the manager does not read. */
static bool
fdstore_flush_one(struct fdstore *store, struct message *message)
{
	if (fdstore_transmit(store, message) == 0)
		return true;
	if (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM || errno == EMFILE)
		return false;
	log_limited(&store->failures, LEVEL_WARN,
	    "cannot store a pipe in the service manager: %s", strerror(errno));
	return true;
}

static void
fdstore_flush(struct fdstore *store)
{
	struct message *message;

	while ((message = STAILQ_FIRST(&store->queue)) != NULL) {
		if (!fdstore_flush_one(store, message)) {
			source_arm(store->timer, clock_mono_ms() + FDSTORE_AGAIN_MS);
			return;
		}
		STAILQ_REMOVE_HEAD(&store->queue, in_queue);
		store->waiting--;
		fdstore_free_message(message);
	}
}

static void
fdstore_on_timer(void *ctx, uint32_t ready UNUSED)
{
	fdstore_flush(ctx);
}

/* Sends at once, or later. */
static void
fdstore_enqueue(struct fdstore *store, pid_t pid, const int *fds, size_t count)
{
	struct message *message = calloc(1, sizeof(*message));

	if (message == NULL || store->waiting >= FDSTORE_QUEUE) {
		free(message);
		return;
	}
	message->pid = pid;
	for (size_t i = 0; i < count && message->count < FDSTORE_FDS; i++) {
		int fd = fds[i] != -1 ? fcntl(fds[i], F_DUPFD_CLOEXEC, 0) : -1;

		if (fd != -1)
			message->fds[message->count++] = fd;
	}
	if (count > 0 && message->count == 0) {
		free(message);
		return;
	}
	STAILQ_INSERT_TAIL(&store->queue, message, in_queue);
	store->waiting++;
	if (source_deadline(store->timer) == -1)
		fdstore_flush(store);
}

/* Whether a descriptor of this name was taken, so that the name is in use. */
static bool
fdstore_is_taken(const struct fdstore *store, const char *name)
{
	for (size_t i = 0; i < store->count; i++)
		if (store->received[i].fd == -1 && str_equal(store->received[i].name, name))
			return true;
	return false;
}

/* What was taken is still stored. */
void
fdstore_put(struct fdstore *store, pid_t pid, const int *fds, size_t count)
{
	char name[FDSTORE_TEXT];

	snprintf(name, sizeof(name), FDSTORE_NAME "%d", (int)pid);
	if (store->length != 0 && !fdstore_is_taken(store, name))
		fdstore_enqueue(store, pid, fds, count);
}

void
fdstore_remove(struct fdstore *store, pid_t pid)
{
	if (store->length != 0)
		fdstore_enqueue(store, pid, NULL, 0);
}

void
fdstore_forget_rest(struct fdstore *store)
{
	char text[FDSTORE_TEXT];

	for (size_t i = 0; i < store->count; i++) {
		const struct received *one = &store->received[i];

		if (one->fd != -1 && one->name != NULL && store->length != 0 &&
		    str_starts(one->name, FDSTORE_NAME) &&
		    !fdstore_is_taken(store, one->name) &&
		    snprintf(text, sizeof(text), "FDSTOREREMOVE=1\nFDNAME=%s", one->name) <
			(int)sizeof(text))
			(void)fdstore_send(store, text, NULL, 0);
	}
	for (size_t i = 0; i < store->count; i++) {
		fd_close(store->received[i].fd);
		free(store->received[i].name);
	}
	free(store->received);
	store->received = NULL;
	store->count = 0;
}

/* --- life -------------------------------------------------------------------------- */

int
fdstore_begin(
    struct fdstore *store, struct loop *loop, const char *address, const char *size)
{
	int64_t number;

	store->timer = loop_timer(loop, fdstore_on_timer, store);
	if (store->timer == NULL)
		return -1;
	if (address != NULL && size != NULL && str_to_int(size, &number) == 0 && number > 0)
		store->length = sock_address_notify(&store->to, address);
	return 0;
}

void
fdstore_free(struct fdstore *store)
{
	struct message *message;

	if (store == NULL)
		return;
	store->length = 0;
	fdstore_forget_rest(store);
	while ((message = STAILQ_FIRST(&store->queue)) != NULL) {
		STAILQ_REMOVE_HEAD(&store->queue, in_queue);
		fdstore_free_message(message);
	}
	source_free(store->timer);
	free(store);
}
