#include "ctl/commands/view.h"

#include "common/compiler.h"

#include <string.h>

#define VIEW_ESC '\033'
#define VIEW_DELETE '\177'
#define VIEW_CTRL(letter) ((letter)&0x1f)

static void
view_sort(struct view *view, enum view_order order)
{
	view->reversed = view->order == order && !view->reversed;
	view->order = order;
	view->top = 0;
}

/* Moves by n rows; view_lines keeps the result within the list. */
static void
view_move(struct view *view, long n)
{
	if (n < 0 && view->top < (size_t)-n)
		view->top = 0;
	else
		view->top += (size_t)n;
}

static const struct {
	const char *sequence;	/* after ESC */
	int rows, pages;
} view_moves[] = {
	{ "[A", -1, 0 }, { "OA", -1, 0 }, { "[B", 1, 0 }, { "OB", 1, 0 },
	{ "[5~", 0, -1 }, { "[6~", 0, 1 },
	{ "[H", 0, -1000000 }, { "OH", 0, -1000000 }, { "[1~", 0, -1000000 },
	{ "[F", 0, 1000000 }, { "OF", 0, 1000000 }, { "[4~", 0, 1000000 },
};

/* The length of the escape sequence, which does not include ESC; 0 = ESC is a key. */
static size_t
view_sequence(struct view *view, const char *bytes, size_t n)
{
	size_t len = 1;

	for (size_t i = 0; i < nitems(view_moves); i++) {
		len = strlen(view_moves[i].sequence);
		if (len <= n && memcmp(bytes, view_moves[i].sequence, len) == 0) {
			view_move(view,
			    view_moves[i].rows + view_moves[i].pages * (long)view->page);
			return len;
		}
	}
	if (n < 2 || (bytes[0] != '[' && bytes[0] != 'O'))
		return 0;
	/* Another key: parameters, then a letter or '~'. */
	for (len = 1; len < n && (bytes[len] < '@' || bytes[len] > '~'); len++)
		;
	return len < n ? len + 1 : n;
}

/* Deletes the last character of the filter. */
static void
view_delete(struct view *view)
{
	size_t len = strlen(view->filter);

	while (len > 0 && ((unsigned char)view->filter[len - 1] & 0xc0) == 0x80)
		len--;
	view->filter[len > 0 ? len - 1 : 0] = '\0';
}

static void
view_type(struct view *view, char c)
{
	size_t len = strlen(view->filter);

	view->top = 0;
	if (c == '\r' || c == '\n')
		view->typing = false;
	else if (c == VIEW_DELETE || c == '\b')
		view_delete(view);
	else if (c == VIEW_CTRL('u'))
		view->filter[0] = '\0';
	else if ((unsigned char)c >= ' ' && len + 1 < sizeof(view->filter)) {
		view->filter[len] = c;
		view->filter[len + 1] = '\0';
	}
}

static void
view_escape(struct view *view)
{
	view->typing = view->help = false;
	view->filter[0] = '\0';
	view->top = 0;
}

/* False: quit. */
static bool
view_key(struct view *view, char c)
{
	static const char sorts[VIEW_ORDERS] = {
		[VIEW_BY_SERVER] = '0',
		[VIEW_BY_STATE] = 't',
		[VIEW_BY_NAME] = 'n',
		[VIEW_BY_PID] = 'p',
		[VIEW_BY_UPTIME] = 'u',
		[VIEW_BY_CPU] = 'c',
		[VIEW_BY_MEMORY] = 'm',
		[VIEW_BY_RESTARTS] = 'r',
	};
	const char *sort = memchr(sorts, c, sizeof(sorts));

	if (c == 'q' || c == VIEW_CTRL('c'))
		return false;
	if (sort != NULL)
		view_sort(view, (enum view_order)(sort - sorts));
	else if (c == '/')
		view->typing = true;
	else if (c == '?' || c == 'h')
		view->help = !view->help;
	else if (c == 'j' || c == 'k')
		view_move(view, c == 'j' ? 1 : -1);
	else if (c == ' ')
		view_move(view, (long)view->page);
	return true;
}

bool
view_keys(struct view *view, const char *bytes, size_t n)
{
	for (size_t i = 0, len; i < n; i++) {
		if (bytes[i] == VIEW_ESC) {
			len = view_sequence(view, bytes + i + 1, n - i - 1);
			if (len == 0)
				view_escape(view);
			i += len;
		} else if (view->typing) {
			view_type(view, bytes[i]);
		} else if (!view_key(view, bytes[i])) {
			return false;
		}
	}
	return true;
}
