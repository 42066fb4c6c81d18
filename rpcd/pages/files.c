#include "rpcd/pages/files.h"

#include "common/compiler.h"

#include <string.h>

/* The assembler includes the file; its path is relative to the top of the tree. A NUL ends
 * the text. */
#define PAGE_INCLUDE(symbol, file) \
	__asm__(".pushsection .rodata\n" \
		".global " #symbol "\n" #symbol ":\n" \
		".incbin \"rpcd/ui/" file "\"\n" \
		".byte 0\n" \
		".popsection\n")

PAGE_INCLUDE(page_style_css, "style.css");
PAGE_INCLUDE(page_common_js, "common.js");
PAGE_INCLUDE(page_list_js, "list.js");
PAGE_INCLUDE(page_log_js, "log.js");
PAGE_INCLUDE(page_icon_svg, "icon.svg");
PAGE_INCLUDE(page_frame_html, "frame.html");
PAGE_INCLUDE(page_list_html, "list.html");
PAGE_INCLUDE(page_log_html, "log.html");
PAGE_INCLUDE(page_message_html, "message.html");

extern const char page_style_css[], page_icon_svg[];
extern const char page_common_js[], page_list_js[], page_log_js[];

/* The Makefile has it from the files. */
#ifndef PAGE_VERSION
#define PAGE_VERSION "0"
#endif
const char page_version[] = PAGE_VERSION;

static const struct page_file files[] = {
	{"/style.css", "text/css;charset=utf-8", page_style_css},
	{"/common.js", "text/javascript;charset=utf-8", page_common_js},
	{"/list.js", "text/javascript;charset=utf-8", page_list_js},
	{"/log.js", "text/javascript;charset=utf-8", page_log_js},
	{"/icon.svg", "image/svg+xml", page_icon_svg},
	/* Pages of others refer to these files of supervisord. */
	{"/stylesheets/supervisor.css", "text/css;charset=utf-8", page_style_css},
	{"/images/", "image/svg+xml", page_icon_svg},
};

const struct page_file *
page_file_find(const char *uri)
{
	size_t len = strcspn(uri, "?");

	for (size_t i = 0; i < nitems(files); i++)
		if (strlen(files[i].path) == len && strncmp(uri, files[i].path, len) == 0)
			return &files[i];
	return NULL;
}
