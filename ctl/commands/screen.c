#include "ctl/commands/screen.h"

#include "common/compiler.h"
#include "common/fd.h"
#include "common/mem.h"
#include "ctl/terminal/interrupt.h"
#include "ctl/commands/view.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

/* The alternate screen without cursor and automatic margins. */
#define SCREEN_ENTER "\033[?1049h\033[?25l\033[?7l\033[H\033[2J"
#define SCREEN_LEAVE "\033[?7h\033[?25h\033[?1049l"

#define SCREEN_SIZE_MAX 1000 /* columns and lines */

struct screen {
	FILE *out;
	int signals; /* signalfd */
	sigset_t before;
	bool has_keys; /* standard input is a terminal */
	struct termios cooked;
	char **lines; /* that were drawn; NULL = none */
	int height;   /* of them */
	int ending;   /* the signal that has ended the screen; 0 = none */
};

/* The open screen; static because an exit handler has no context. */
static struct screen *screen_current;

static void
screen_enter(struct screen *screen)
{
	struct termios raw;

	screen->has_keys =
	    isatty(STDIN_FILENO) == 1 && tcgetattr(STDIN_FILENO, &screen->cooked) == 0;
	if (screen->has_keys) {
		raw = screen->cooked;
		raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
		raw.c_cc[VMIN] = 1;
		raw.c_cc[VTIME] = 0;
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &raw);
	}
	fputs(SCREEN_ENTER, screen->out);
	fflush(screen->out);
}

static void
screen_leave(const struct screen *screen)
{
	if (screen->has_keys)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &screen->cooked);
	fputs(SCREEN_LEAVE, screen->out);
	fflush(screen->out);
}

static void
screen_at_exit(void)
{
	if (screen_current != NULL)
		screen_leave(screen_current);
}

struct screen *
screen_open(FILE *terminal)
{
	static const int wanted[] = { SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP, SIGWINCH };
	static bool registered;
	struct screen *screen = xcalloc(1, sizeof(*screen));
	sigset_t set;

	screen->out = terminal;
	sigemptyset(&set);
	for (size_t i = 0; i < nitems(wanted); i++)
		if (!interrupt_is_ignored(wanted[i]))
			sigaddset(&set, wanted[i]);
	sigprocmask(SIG_BLOCK, &set, &screen->before);
	screen->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (!registered)
		registered = atexit(screen_at_exit) == 0;
	screen_current = screen;
	screen_enter(screen);
	return screen;
}

static void
screen_forget(struct screen *screen)
{
	view_lines_free(screen->lines, screen->height);
	screen->lines = NULL;
	screen->height = 0;
}

void
screen_close(struct screen *screen)
{
	int signo = screen->ending;

	screen_leave(screen);
	screen_current = NULL;
	fd_close(screen->signals);
	sigprocmask(SIG_SETMASK, &screen->before, NULL);
	screen_forget(screen);
	free(screen);
	if (signo != 0 && signo != SIGINT)
		(void)raise(signo);
}

void
screen_size(const struct screen *screen, int *width, int *height)
{
	struct winsize size = { 0 };

	if (ioctl(fileno(screen->out), TIOCGWINSZ, &size) == -1)
		size = (struct winsize){ 0 };
	*width = size.ws_col == 0 ? 80 : size.ws_col;
	*height = size.ws_row == 0 ? 24 : size.ws_row;
	*width = *width < SCREEN_SIZE_MAX ? *width : SCREEN_SIZE_MAX;
	*height = *height < SCREEN_SIZE_MAX ? *height : SCREEN_SIZE_MAX;
}

bool
screen_draw(struct screen *screen, char **lines_take, int height)
{
	bool all = screen->lines == NULL || screen->height != height;

	if (all)
		fputs("\033[H\033[2J", screen->out);
	/* Without margins, the cursor stays on the last column: clearing the rest of the
	 * line after the text would clear its last character. */
	for (int y = 0; y < height; y++)
		if (all || strcmp(lines_take[y], screen->lines[y]) != 0)
			fprintf(screen->out, "\033[%d;1H\033[2K%s", y + 1, lines_take[y]);
	screen_forget(screen);
	screen->lines = lines_take;
	screen->height = height;
	return fflush(screen->out) == 0;
}

/* Stops the program as Ctrl-Z does, with the terminal restored meanwhile. */
static enum screen_event
screen_suspend(struct screen *screen)
{
	screen_leave(screen);
	(void)raise(SIGSTOP);
	screen_enter(screen);
	screen_forget(screen);
	return SCREEN_REDRAW;
}

static enum screen_event
screen_signalled(struct screen *screen)
{
	struct signalfd_siginfo info;

	if (read(screen->signals, &info, sizeof(info)) != sizeof(info))
		return SCREEN_TIMEOUT;
	if (info.ssi_signo == SIGTSTP)
		return screen_suspend(screen);
	if (info.ssi_signo == SIGWINCH) {
		screen_forget(screen);
		return SCREEN_REDRAW;
	}
	screen->ending = (int)info.ssi_signo;
	return SCREEN_END;
}

enum screen_event
screen_wait(struct screen *screen, int fd, int timeout_ms, char keys[SCREEN_KEYS_MAX],
    size_t *nkeys)
{
	struct pollfd fds[] = {
		{ .fd = screen->signals, .events = POLLIN },
		{ .fd = screen->has_keys ? STDIN_FILENO : -1, .events = POLLIN },
		{ .fd = fileno(screen->out) },
		{ .fd = fd, .events = POLLIN },
	};
	ssize_t n;

	*nkeys = 0;
	if (poll(fds, nitems(fds), timeout_ms) == -1)
		return errno == EINTR ? SCREEN_TIMEOUT : SCREEN_END;
	if (fds[0].revents != 0)
		return screen_signalled(screen);
	if (fds[1].revents != 0) {
		n = read(STDIN_FILENO, keys, SCREEN_KEYS_MAX);
		if (n <= 0)
			return SCREEN_END;
		*nkeys = (size_t)n;
		return SCREEN_KEYS;
	}
	if ((fds[2].revents & (POLLERR | POLLNVAL | POLLHUP)) != 0)
		return SCREEN_END;
	return fds[3].revents != 0 ? SCREEN_INPUT : SCREEN_TIMEOUT;
}
