#include "master/daemon/peers_document.h"

#include "common/fd.h"
#include "master/control/carried.h"
#include "master/control/control.h"
#include "master/control/state_stream.h"
#include "master/frontend/frontend.h"
#include "master/frontend/http_sockets.h"
#include "master/frontend/rpcinterface.h"
#include "master/upgrade/state_parts.h"
#include "master/upgrade/statefield.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const struct statefield carried_rows[] =
    STATEFIELDS(CARRIED_FIELDS, struct carried_record);
static const struct statefield peer_rows[] =
    STATEFIELDS(PEER_CARRIED_FIELDS, struct peer_carried_record);
static const struct statefield piece_rows[] =
    STATEFIELDS(PEER_PIECE_FIELDS, struct peer_piece);
static const struct statefield frontend_rows[] =
    STATEFIELDS(FRONTEND_FIELDS, struct frontend_record);
static const struct statefield http_socket_rows[] =
    STATEFIELDS(HTTP_SOCKET_FIELDS, struct http_socket_record);
static const struct statefield helper_rows[] =
    STATEFIELDS(HELPER_FIELDS, struct helper_record);
static const struct statefield socket_rows[] =
    STATEFIELDS(CONTROL_SOCKET_FIELDS, struct control_socket_record);

/* ---- a connection ---- */

static json_t *
peers_document_write_carried(const struct carried *carried)
{
	json_t *object = STATEFIELD_WRITE(carried_rows, &carried->record);
	json_t *peer = STATEFIELD_WRITE(peer_rows, &carried->peer.record);
	json_t *pieces = json_array();

	for (size_t i = 0; i < carried->peer.npieces; i++)
		state_parts_append(
		    &pieces, STATEFIELD_WRITE(piece_rows, &carried->peer.pieces[i]));
	state_parts_add(&peer, "pieces", pieces);
	state_parts_add(&object, "peer", peer);
	return object;
}

/* New: null when it has ended; NULL with ENOMEM. */
static json_t *
peers_document_write_connection(const struct connection *connection)
{
	struct carried carried;
	json_t *object = NULL;

	if (connection == NULL)
		return json_null();
	carried_init(&carried);
	if (carried_write(connection, &carried) == 0)
		object = peers_document_write_carried(&carried);
	else if (errno == ENOTCONN)
		object = json_null();
	carried_clear(&carried);
	return object;
}

static int
peers_document_read_pieces(
    struct peer_carried *peer, const json_t *list, int format, char **why)
{
	const char *bad = json_is_array(list) ? NULL : "pieces";
	const json_t *one;
	size_t i;

	peer->pieces = calloc(json_array_size(list) + 1, sizeof(*peer->pieces));
	if (peer->pieces == NULL)
		return state_parts_fail(why, "out of memory", "");
	json_array_foreach(list, i, one) {
		struct peer_piece *piece = &peer->pieces[peer->npieces++];

		*piece = (struct peer_piece){ .fd = -1 };
		if (bad == NULL)
			bad = STATEFIELD_READ(piece_rows, one, piece, format);
	}
	return state_parts_check(why, "a connection", bad);
}

/* For null, carried->peer.fd is -1. */
static int
peers_document_read_connection(
    const json_t *json, struct carried *carried, int format, char **why)
{
	const json_t *peer = json_object_get(json, "peer");
	const char *bad;

	carried_init(carried);
	if (json_is_null(json))
		return 0;
	bad = STATEFIELD_READ(carried_rows, json, &carried->record, format);
	if (bad == NULL)
		bad = STATEFIELD_READ(peer_rows, peer, &carried->peer.record, format);
	if (bad == NULL && (carried->program == NULL || carried->peer.fd == -1))
		bad = "peer";
	if (bad != NULL)
		return state_parts_check(why, "a connection", bad);
	return peers_document_read_pieces(
	    &carried->peer, json_object_get(peer, "pieces"), format, why);
}

/* connection NULL: there is none. Without memory, only this connection ends. */
static void
peers_document_resume(struct carried *carried, struct connection *connection)
{
	if (connection != NULL && carried_resume(carried, connection) == -1)
		control_drop(connection);
}

/* ---- HTTP sockets ---- */

json_t *
peers_document_write_http_sockets(struct master *master)
{
	json_t *list = json_array();
	const struct http_socket_record *record;

	for (size_t i = 0; (record = http_sockets_get(master->http_sockets, i)) != NULL;
	     i++)
		state_parts_append(&list, STATEFIELD_WRITE(http_socket_rows, record));
	return list;
}

int
peers_document_read_http_sockets(
    struct master *master, const json_t *list, int format, char **why)
{
	size_t count = json_array_size(list), i;
	struct http_socket_record *records;
	const char *bad = NULL;
	const json_t *one;

	if (!json_is_array(list))
		return state_parts_fail(why, "bad member", "http_sockets");
	records = calloc(count + 1, sizeof(*records));
	if (records == NULL)
		return state_parts_fail(why, "out of memory", "");
	json_array_foreach(list, i, one)
		if (bad == NULL)
			bad = STATEFIELD_READ(http_socket_rows, one, &records[i], format);
	if (bad == NULL)
		master->http_sockets = http_sockets_restore(records, count);
	free(records);
	return state_parts_check(why, "an HTTP socket", bad);
}

/* ---- the page ---- */

json_t *
peers_document_write_page(struct master *master)
{
	int page = master->state_stream == NULL ?
	    -1 :
	    state_stream_kept_page(master->state_stream);

	return statefield_write_fd(&page);
}

int
peers_document_page(const json_t *document)
{
	int page = -1;

	(void)statefield_read_fd(json_object_get(document, "page"), &page);
	return page;
}

int
peers_document_read_page(
    struct master *master UNUSED, const json_t *json, int format UNUSED, char **why)
{
	int page;

	return state_parts_check(
	    why, "the state stream", statefield_read_fd(json, &page) ? NULL : "page");
}

/* ---- reeve-rpcd ---- */

static json_t *
peers_document_write_frontend(const struct frontend *frontend)
{
	struct frontend_record record;
	struct helper_record helper;
	json_t *object;

	frontend_record(frontend, &record);
	helper_process_record(frontend_helper(frontend), &helper);
	object = STATEFIELD_WRITE(frontend_rows, &record);
	state_parts_add(&object, "process", STATEFIELD_WRITE(helper_rows, &helper));
	state_parts_add(&object, "connection",
	    helper.ready ? peers_document_write_connection(frontend_connection(frontend)) :
			   json_null());
	return object;
}

json_t *
peers_document_write_frontends(struct master *master)
{
	const struct frontend *one = NULL;
	json_t *list = json_array();

	while ((one = frontends_next(master->frontends, one)) != NULL)
		state_parts_append(&list, peers_document_write_frontend(one));
	return list;
}

/* A process whose page or connection is lost cannot go on. */
static int
peers_document_adopt(struct master *master, struct frontend_record *record,
    struct helper_record *helper, struct carried *carried, char **why)
{
	struct connection *connection;

	if (carried->peer.fd == -1 || peers_document_page(master->state) == -1)
		helper->ready = false;
	if (frontends_adopt(
		master->frontends, record, helper, carried->peer.fd, &connection) == -1)
		return state_parts_fail(why, "reeve-rpcd:", strerror(errno));
	peers_document_resume(carried, connection);
	return 0;
}

static int
peers_document_read_frontend(
    struct master *master, const json_t *json, int format, char **why)
{
	struct frontend_record record = { .role = NULL };
	struct helper_record helper = { .log = -1 };
	const char *bad = STATEFIELD_READ(frontend_rows, json, &record, format);
	struct carried carried;
	int rc;

	if (bad == NULL)
		bad = STATEFIELD_READ(
		    helper_rows, json_object_get(json, "process"), &helper, format);
	if (bad == NULL &&
	    (record.role == NULL || record.form_key == NULL || record.path == NULL))
		bad = "role";
	carried_init(&carried);
	rc = state_parts_check(why, "reeve-rpcd", bad);
	if (rc == 0)
		rc = peers_document_read_connection(
		    json_object_get(json, "connection"), &carried, format, why);
	if (rc == 0)
		rc = peers_document_adopt(master, &record, &helper, &carried, why);
	carried_clear(&carried);
	free(record.role);
	free(record.form_key);
	free(record.path);
	return rc;
}

int
peers_document_read_frontends(
    struct master *master, const json_t *list, int format, char **why)
{
	return state_parts_each(
	    master, list, format, "frontends", peers_document_read_frontend, why);
}

/* ---- the control socket ---- */

json_t *
peers_document_write_control(struct master *master)
{
	const struct connection *one = NULL;
	json_t *object, *list = json_array();

	if (master->control == NULL) {
		json_decref(list);
		return json_null();
	}
	object = STATEFIELD_WRITE(socket_rows, control_socket(master->control));
	while ((one = control_next(master->control, one)) != NULL)
		if (connection_is_local(one))
			state_parts_append(&list, peers_document_write_connection(one));
	state_parts_add(&object, "clients", list);
	return object;
}

static int
peers_document_read_client(
    struct master *master, const json_t *json, int format, char **why)
{
	struct carried carried;
	int rc = peers_document_read_connection(json, &carried, format, why);

	if (rc == 0 && carried.peer.fd != -1)
		peers_document_resume(
		    &carried, control_resume_client(master->control, carried.peer.fd));
	carried_clear(&carried);
	return rc;
}

int
peers_document_read_control(
    struct master *master, const json_t *json, int format, char **why)
{
	struct control_socket_record socket = { .fd = -1 };
	const json_t *list = json_object_get(json, "clients");
	const char *bad;

	if (json_is_null(json))
		return 0;
	bad = STATEFIELD_READ(socket_rows, json, &socket, format);
	if (bad == NULL && !json_is_array(list))
		bad = "clients";
	if (bad != NULL)
		return state_parts_check(why, "the control socket", bad);
	if (control_resume_socket(master->control, &socket) == -1) {
		fd_close(socket.fd);
		return state_parts_fail(why, "the control socket:", strerror(errno));
	}
	return state_parts_each(
	    master, list, format, "clients", peers_document_read_client, why);
}

/* ---- programs of rpcinterface sections ---- */

static json_t *
peers_document_write_interface(const struct process *p)
{
	int unsent = rpcinterface_unsent(p);
	json_t *object = json_object();

	state_parts_add(&object, "process", json_integer((json_int_t)p->id));
	state_parts_add(&object, "unsent", statefield_write_fd(&unsent));
	state_parts_add(&object, "connection",
	    peers_document_write_connection(rpcinterface_connection(p)));
	return object;
}

json_t *
peers_document_write_interfaces(struct master *master)
{
	json_t *list = json_array();
	struct process *p;

	GROUPS_FOREACH_PROCESS(p, master->groups, NULL)
		if (rpcinterface_is(p))
			state_parts_append(&list, peers_document_write_interface(p));
	return list;
}

static int
peers_document_read_interface(
    struct master *master, const json_t *json, int format, char **why)
{
	struct process *p = groups_process(
	    master->groups, (uint64_t)json_integer_value(json_object_get(json, "process")));
	struct connection *connection;
	struct carried carried;
	int rc, unsent = -1;

	if (p == NULL || !rpcinterface_is(p) ||
	    !statefield_read_fd(json_object_get(json, "unsent"), &unsent))
		return state_parts_check(why, "an rpcinterface program", "process");
	rc = peers_document_read_connection(
	    json_object_get(json, "connection"), &carried, format, why);
	if (rc == 0 && rpcinterface_resume(p, unsent, carried.peer.fd, &connection) == 0)
		peers_document_resume(&carried, connection);
	carried_clear(&carried);
	return rc;
}

int
peers_document_read_interfaces(
    struct master *master, const json_t *list, int format, char **why)
{
	return state_parts_each(
	    master, list, format, "interfaces", peers_document_read_interface, why);
}

/* ---- other children ---- */

json_t *
peers_document_write_children(struct master *master)
{
	json_t *list = json_array();
	size_t cursor = 0;
	pid_t pid;

	while (master->reaper != NULL && (pid = reaper_next(master->reaper, &cursor)) != 0)
		state_parts_append(&list, json_integer(pid));
	return list;
}

static void
peers_document_reaped(void *ctx UNUSED, pid_t pid UNUSED, int wait_status UNUSED)
{
}

int
peers_document_read_children(
    struct master *master, const json_t *list, int format UNUSED, char **why)
{
	const json_t *one;
	size_t i;

	if (!json_is_array(list))
		return state_parts_fail(why, "bad member", "children");
	json_array_foreach(list, i, one) {
		pid_t pid = (pid_t)json_integer_value(one);

		if (pid <= 1 || reaper_has(master->reaper, pid) || master->checks)
			continue;
		kill(pid, SIGKILL);
		if (reaper_watch(master->reaper, pid, peers_document_reaped, NULL) == -1)
			return state_parts_fail(why, "out of memory", "");
	}
	return 0;
}
