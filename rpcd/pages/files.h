/* Files: the style sheet, the scripts and the templates of rpcd/ui, which are part of the
 * program. */
#ifndef RPCD_PAGES_FILES_H
#define RPCD_PAGES_FILES_H

/* A file that is served as it is. */
struct page_file {
	const char *path; /* "/style.css" */
	const char *type; /* media type */
	const char *text;
};

/* A word that changes with the files: pages refer to "style.css?v=VERSION". */
extern const char page_version[];
/* The templates (rpcd/pages/template.h). */
extern const char page_frame_html[], page_list_html[], page_log_html[], page_message_html[];

/* The file of a path, a query may follow it; or NULL. */
const struct page_file *page_file_find(const char *uri);

#endif
