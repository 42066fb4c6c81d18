/* Log stream: a file that grows, is truncated, and is replaced. */
#include "ctl/daemon/log_stream.h"

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

/* The daemon in the test. */
struct world {
	int fd;    /* the current file of the log; -1 = none */
	bool gone; /* opening the log fails */
	bool known_gone;
	int reads;
	struct log_stream *log;
};

static int
open_log(void *ctx, const struct log_request *log, int *fd)
{
	struct world *w = ctx;

	assert_string_equal(log->name, "a");
	assert_string_equal(log->stream, "stderr");
	w->reads++;
	*fd = w->fd != -1 ? dup(w->fd) : -1;
	return w->gone ? -1 : 0;
}

static bool
is_gone(void *ctx)
{
	const struct world *w = ctx;

	return w->known_gone;
}

/* The log is opened again at each end of the file, or never. */
static const struct log_stream_origin eager = { open_log, is_gone, 0 };
static const struct log_stream_origin lazy = { open_log, is_gone, 1 << 30 };

static int
file_of(const char *text)
{
	int fd = memfd_create("log", MFD_CLOEXEC);

	assert_true(fd != -1);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	return fd;
}

static void
begin(struct world *w, const struct log_stream_origin *daemon, int fd)
{
	char name[] = "a", stream[] = "stderr";

	*w = (struct world){ .fd = fd };
	w->log = log_stream_of_file(
	    daemon, w, &(struct log_request){ .name = name, .stream = stream }, dup(fd));
	/* the stream does not keep the request */
	name[0] = stream[0] = 'x';
	assert_int_equal(log_stream_fd(w->log), -1);
}

static void
end(struct world *w)
{
	log_stream_free(w->log);
	if (w->fd != -1)
		close(w->fd);
}

static void
reads(struct world *w, const char *want)
{
	char bytes[4096];
	ssize_t n = log_stream_read(w->log, bytes, sizeof(bytes));

	assert_int_equal(n, strlen(want));
	assert_memory_equal(bytes, want, strlen(want));
}

static void
append(const struct world *w, const char *text)
{
	assert_int_equal(lseek(w->fd, 0, SEEK_END) >= 0, 1);
	assert_int_equal(write(w->fd, text, strlen(text)), strlen(text));
}

static void
test_grows(void **state)
{
	struct world w;

	(void)state;
	begin(&w, &lazy, file_of("old\n"));
	reads(&w, "old\n");
	reads(&w, "");
	append(&w, "new");
	append(&w, "er");
	reads(&w, "newer");
	reads(&w, "");
	assert_int_equal(w.reads, 0);
	end(&w);
}

/* The stream begins with the last kilobyte. */
static void
test_begins_at_the_end(void **state)
{
	char kilobyte[LOG_STREAM_LAST + 1];
	struct world w;
	int fd = file_of("");

	(void)state;
	memset(kilobyte, 'x', LOG_STREAM_LAST);
	kilobyte[LOG_STREAM_LAST] = '\0';
	assert_int_equal(
	    pwrite(fd, kilobyte, LOG_STREAM_LAST, (off_t)10 << 30), LOG_STREAM_LAST);
	begin(&w, &lazy, fd);
	reads(&w, kilobyte);
	reads(&w, "");
	end(&w);
}

static void
test_truncated(void **state)
{
	char small[8];
	struct world w;

	(void)state;
	begin(&w, &lazy, file_of("something\n"));
	reads(&w, "something\n");
	assert_int_equal(ftruncate(w.fd, 0), 0);
	append(&w, "else\n");
	/* The buffer is too small for the notice. */
	assert_int_equal(log_stream_read(w.log, small, sizeof(small)), 0);
	reads(&w, "==> File truncated <==\n");
	reads(&w, "else\n");
	end(&w);
}

/* The old file is read to its end, then the new file from its beginning. */
static void
test_replaced(void **state)
{
	struct world w;
	int old;

	(void)state;
	begin(&w, &eager, file_of("old\n"));
	reads(&w, "old\n");
	reads(&w, "");
	assert_int_equal(w.reads, 1);
	old = w.fd;
	w.fd = file_of("new\n");
	reads(&w, "");
	assert_int_equal(write(old, "last\n", 5), 5);
	close(old);
	reads(&w, "last\n");
	reads(&w, "new\n");
	reads(&w, "");
	assert_int_equal(w.reads, 3);
	end(&w);
}

/* While there is no new file, the old one is kept. */
static void
test_no_file_for_now(void **state)
{
	struct world w;
	int old;

	(void)state;
	begin(&w, &eager, file_of(""));
	old = w.fd;
	w.fd = -1;
	reads(&w, "");
	assert_int_equal(write(old, "more\n", 5), 5);
	reads(&w, "more\n");
	close(old);
	end(&w);
}

static void
test_daemon_goes(void **state)
{
	char byte;
	struct world w;

	(void)state;
	begin(&w, &eager, file_of("text"));
	w.gone = true;
	reads(&w, "text");
	assert_int_equal(log_stream_read(w.log, &byte, 1), -1);
	w.known_gone = true;
	append(&w, "more");
	assert_int_equal(log_stream_read(w.log, &byte, 1), -1);
	end(&w);
}

/* A file that pread cannot read ends the stream. */
static void
test_no_file(void **state)
{
	struct world w;
	int ends[2];
	char byte;

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	begin(&w, &lazy, ends[0]);
	assert_int_equal(log_stream_read(w.log, &byte, 1), -1);
	close(ends[1]);
	end(&w);
	log_stream_free(NULL);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_grows),
		cmocka_unit_test(test_begins_at_the_end),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_replaced),
		cmocka_unit_test(test_no_file_for_now),
		cmocka_unit_test(test_daemon_goes),
		cmocka_unit_test(test_no_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
