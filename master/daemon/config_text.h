/* Config text: the configuration in force as the text that the state document has. */
#ifndef MASTER_DAEMON_CONFIG_TEXT_H
#define MASTER_DAEMON_CONFIG_TEXT_H

#include "master/config/config.h"

#include <jansson.h>

/* New: the frames of the configuration in hex; NULL with errno. Waits for a child that
 * writes them, because their writer ends its process when memory runs out. */
json_t *config_text_hex(const struct config *);

#endif
