/* Screen: the whole terminal for one command: its size, its keys, and lines of which only
 * the changed ones are drawn. The terminal is restored at every end of the program but
 * SIGKILL and a crash. Only one screen at a time. */
#ifndef CTL_COMMANDS_SCREEN_H
#define CTL_COMMANDS_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SCREEN_KEYS_MAX 64 /* bytes of keys that are read at once */

struct screen;

enum screen_event {
	SCREEN_TIMEOUT,
	SCREEN_INPUT,	/* the descriptor is readable */
	SCREEN_KEYS,	/* keys were read */
	SCREEN_REDRAW,	/* the size has changed, or the program continues */
	SCREEN_END,	/* Ctrl-C, a signal that ends the program, or no terminal */
};

struct screen *screen_open(FILE *terminal); /* never NULL */
/* Restores the terminal. Passes on the signal that has ended the screen, unless it was
 * Ctrl-C. */
void screen_close(struct screen *);
void screen_size(const struct screen *, int *width, int *height);
/* Draws the lines that differ from those drawn before; they are taken. False: the terminal
 * is gone. */
bool screen_draw(struct screen *, char **lines_take, int height);
/* Waits for input on fd (-1 = none), keys, a signal, or the timeout. */
enum screen_event screen_wait(
    struct screen *, int fd, int timeout_ms, char keys[SCREEN_KEYS_MAX], size_t *nkeys);

#endif
