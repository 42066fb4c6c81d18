/* An event listener in C: appends each event, header and payload, to a file and answers
 * with the results of its command line in turn.
 *
 * usage: listener FILE [RESULT ...]       default: OK
 *
 * It counts bytes, so its section needs event_length=bytes where payloads are not ASCII. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Reads a header line, its newline kept. 0, or -1 at the end. */
static int
read_header(char *line, int room)
{
	return fgets(line, room, stdin) == NULL ? -1 : 0;
}

static size_t
payload_length(const char *header)
{
	const char *len = strstr(header, " len:");

	return len == NULL ? 0 : strtoul(len + 5, NULL, 10);
}

/* Both in one write, so that listeners of one pool can share a file. */
static int
take_event(const char *header, int file)
{
	size_t head = strlen(header), n = payload_length(header);
	char *whole = malloc(head + n + 1);
	ssize_t written;

	if (whole == NULL)
		return -1;
	memcpy(whole, header, head);
	if (fread(whole + head, 1, n, stdin) != n) {
		free(whole);
		return -1;
	}
	whole[head + n] = '\n';
	written = write(file, whole, head + n + 1);
	free(whole);
	return written == (ssize_t)(head + n + 1) ? 0 : -1;
}

int
main(int argc, char **argv)
{
	char header[1024];
	int file, next = 2;

	if (argc < 2 || (file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0644)) == -1)
		return 2;
	for (;;) {
		const char *result = argc > 2 ? argv[next] : "OK";

		printf("READY\n");
		fflush(stdout);
		if (read_header(header, sizeof(header)) == -1 ||
		    take_event(header, file) == -1)
			return 0;
		printf("RESULT %zu\n%s", strlen(result), result);
		fflush(stdout);
		if (argc > 2 && ++next == argc)
			next = 2;
	}
}
