# reeve: plain GNU make. `make help` says what each target does.

BUILD      ?= build
CC         ?= cc
VERSION    := 0.1.0
PREFIX     ?= /usr/local
LIBEXECDIR ?= $(PREFIX)/libexec/reeve
MANDIR     ?= $(PREFIX)/share/man
DESTDIR    ?=

WARNINGS   := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
              -Wcast-qual -Wpointer-arith -Wvla -Wformat=2 -Wundef -Wwrite-strings
CFLAGS     ?= -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong
EXTRA      ?=
ALL_CFLAGS  = -std=gnu17 -D_GNU_SOURCE -DREEVE_VERSION='"$(VERSION)"' \
              -DLIBEXECDIR='"$(LIBEXECDIR)"' -I. -fPIE $(WARNINGS) $(CFLAGS) $(EXTRA)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS) $(EXTRA)
ifeq ($(V),)
quiet = @echo '  $(1) $@';
endif

DIRS       := common proto master rpcd ctl
libs_common := -ljansson
libs_proto  := -ljansson
libs_master := -ljansson
libs_rpcd   := -lmicrohttpd -lexpat -ljansson -lgnutls
libs_ctl    := -ljansson -lexpat
PROGRAMS   := $(BUILD)/reeved $(BUILD)/reeve-rpcd $(BUILD)/reevectl $(BUILD)/pidproxy
MAINS      := %/main.c master/pidproxy.c
MANUALS    := $(wildcard man/*.[1-8])

UNIT       := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/unit/*/test_*.c))
CHILDREN   := $(patsubst tests/bin/%.c,$(BUILD)/tests/bin/%,$(wildcard tests/bin/*.c))

# Variants are whole builds in directories of their own. The sanitizers and valgrind want a
# plain fork and a front end without seccomp; gcc guesses at lengths in instrumented code and
# is told not to. The seam lets a test enter the FATAL state.
SANITIZED  := -DREEVE_SANITIZED -DSPAWN_PLAIN_FORK
ASAN       := BUILD=build/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
              EXTRA='-fsanitize=address,undefined -fno-sanitize-recover=undefined \
              -Wno-format-truncation -Wno-maybe-uninitialized $(SANITIZED)'
VALGRIND   := BUILD=build/valgrind CFLAGS='-O1 -g' EXTRA='$(SANITIZED)'
SEAM       := BUILD=build/seam EXTRA=-DREEVE_TEST_SEAM

.PHONY: all
all: $(PROGRAMS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Each directory is a library; its program is main.c and the libraries below it.
objects     = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(MAINS),$(wildcard $(1)/*.c)))
layers      = $(if $(filter $(1),common),common,$(if $(filter $(1),proto),proto common,$(1) proto common))
archives    = $(foreach l,$(call layers,$(1)),$(BUILD)/lib$(l).a)
define directory
$(BUILD)/lib$(1).a: $(call objects,$(1))
	@rm -f $$@
	$$(call quiet,AR)ar rcs $$@ $$^
$(BUILD)/tests/unit/$(1)/%: $(BUILD)/obj/tests/unit/$(1)/%.o $(call archives,$(1))
	@mkdir -p $$(@D)
	$$(call quiet,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ -lcmocka $$(libs_$(1))
endef
define program
$(BUILD)/$(1): $(BUILD)/obj/$(2)/main.o $(call archives,$(2))
	$$(call quiet,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(libs_$(2))
endef
$(foreach d,$(DIRS),$(eval $(call directory,$(d))))
$(eval $(call program,reeved,master))
$(eval $(call program,reeve-rpcd,rpcd))
$(eval $(call program,reevectl,ctl))
$(BUILD)/pidproxy: $(BUILD)/obj/master/pidproxy.o $(BUILD)/libcommon.a
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/tests/bin/%: $(BUILD)/obj/tests/bin/%.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^

.PHONY: test-programs
test-programs: all $(UNIT) $(CHILDREN)

# --- what a newcomer types ---------------------------------------------------

.PHONY: help deps test-deps demo install clean
help:
	@echo 'make deps        install what building needs (system packages)'
	@echo 'make             build reeved, reeve-rpcd, reevectl and pidproxy into $(BUILD)/'
	@echo 'make demo        run reeved on two real programs, API on 127.0.0.1:9001'
	@echo 'make test-deps   install what testing needs'
	@echo 'make check       build and run every test; ends with N passed, N failed'
	@echo 'make check-long  check, all under the sanitizers, and a whole life under valgrind'
	@echo 'make compat      reeve beside supervisord: compat: N of M agree'
	@echo 'make asan        all tests under ASan and UBSan'
	@echo 'make lint        layers, sizes, clang-tidy, cppcheck, manuals'
	@echo 'make install     into DESTDIR/PREFIX'
	@echo 'make clean       remove build/'

deps:
	@tests/packages deps

test-deps: deps
	@tests/packages test-deps

demo: all
	@tests/packages demo
	@master/demo/run $(BUILD)

install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(LIBEXECDIR)
	install -m 755 $(BUILD)/reeved $(DESTDIR)$(PREFIX)/sbin/
	install -m 755 $(BUILD)/reevectl $(BUILD)/pidproxy $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(BUILD)/reeve-rpcd $(DESTDIR)$(LIBEXECDIR)/
	for m in $(MANUALS); do \
		install -D -m 644 $$m $(DESTDIR)$(MANDIR)/man$${m##*.}/$${m##*/} || exit 1; done

clean:
	rm -rf build

# --- tests -------------------------------------------------------------------

.PHONY: check check-long asan variants variant-asan variant-seam variant-valgrind unit system
.PHONY: compat
variant-asan:
	@$(MAKE) --no-print-directory $(ASAN) test-programs
variant-seam:
	@$(MAKE) --no-print-directory $(SEAM) all
variant-valgrind:
	@$(MAKE) --no-print-directory $(VALGRIND) test-programs

check:
	@$(MAKE) --no-print-directory -j2 test-programs variant-seam variant-asan
	@tests/run unit system asan compat

check-long:
	@$(MAKE) --no-print-directory -j2 test-programs variant-seam variant-asan variant-valgrind
	@tests/run unit system asan-all compat valgrind

unit: test-programs
	@tests/run unit

system: test-programs variant-seam
	@tests/run system

asan: variant-asan
	@tests/run asan-all

compat: test-programs
	@tests/run compat

.PHONY: lint
lint:
	@tests/lint/run

.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
