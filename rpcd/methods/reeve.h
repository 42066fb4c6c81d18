/* Reeve: the methods of reeve.* (proto/api.h). */
#ifndef RPCD_METHODS_REEVE_H
#define RPCD_METHODS_REEVE_H

#include "rpcd/methods/method.h"

extern const struct method_source reeve_methods;

#endif
