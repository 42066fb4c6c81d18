/* Peer is local: whether the peer of a connection is on this machine. */
#ifndef TESTS_UNIT_COMMON_PEER_IS_LOCAL_H
#define TESTS_UNIT_COMMON_PEER_IS_LOCAL_H

#include "common/sock.h"

static inline bool
peer_is_local(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_storage storage;
	} peer = { 0 };
	socklen_t len = sizeof(peer);

	return getpeername(fd, &peer.any, &len) == 0 && sock_address_is_local(&peer.any);
}

#endif
