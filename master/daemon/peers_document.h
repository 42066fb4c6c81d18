/* Peers document: the part of the state document about the master's peers: the reeve-rpcd
 * processes, the clients of the control socket and the programs of rpcinterface sections,
 * with their connections; and the children that do not outlast an upgrade. */
#ifndef MASTER_DAEMON_PEERS_DOCUMENT_H
#define MASTER_DAEMON_PEERS_DOCUMENT_H

#include "common/compiler.h"
#include "master/master.h"

#include <jansson.h>

/* New; NULL with ENOMEM. The first has the page that reeve-rpcd reads. */
json_t *peers_document_write_page(struct master *);
json_t *peers_document_write_http_sockets(struct master *);
json_t *peers_document_write_frontends(struct master *);
json_t *peers_document_write_control(struct master *);
json_t *peers_document_write_interfaces(struct master *);
json_t *peers_document_write_children(struct master *);
/* 0, or -1 with *why new. */
NODISCARD int peers_document_read_page(
    struct master *, const json_t *, int format, char **why);
NODISCARD int peers_document_read_http_sockets(
    struct master *, const json_t *, int format, char **why);
NODISCARD int peers_document_read_frontends(
    struct master *, const json_t *, int format, char **why);
NODISCARD int peers_document_read_control(
    struct master *, const json_t *, int format, char **why);
NODISCARD int peers_document_read_interfaces(
    struct master *, const json_t *, int format, char **why);
/* After everything else: kills the children that nothing has taken over, such as
 * reeve-verifier: others do their work again. */
NODISCARD int peers_document_read_children(
    struct master *, const json_t *, int format, char **why);
/* The page of a document, which the caller takes; -1 = none. */
int peers_document_page(const json_t *document);

#endif
