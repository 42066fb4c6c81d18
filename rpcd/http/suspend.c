#include "rpcd/http/suspend.h"

void
http_suspend(struct http_connection *c, void (*abandon)(void *request), void *request)
{
	c->abandon = abandon;
	c->request = request;
	MHD_suspend_connection(c->handle);
	if (c->left)
		http_connection_list_left(c);
}

void
http_resume(struct http_connection *c)
{
	c->abandon = NULL;
	c->outlasts_client = false;
	MHD_resume_connection(c->handle);
	source_arm(c->endpoint->timer, 0);
}

void
http_suspend_abandon(struct http_connection *c)
{
	if (c->abandon == NULL)
		return;
	c->gone = true;
	c->abandon(c->request);
	http_resume(c);
}
