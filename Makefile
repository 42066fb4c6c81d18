# reeve: plain GNU make. `make help` lists the targets.

BUILD      ?= build
CC         ?= cc
VERSION    := 0.1.0
# The directories of `make install`. DESTDIR is a prefix for staging; the programs do not know it.
PREFIX     ?= /usr/local
SBINDIR    ?= $(PREFIX)/sbin
BINDIR     ?= $(PREFIX)/bin
LIBEXECDIR ?= $(PREFIX)/libexec/reeve
DATADIR    ?= $(PREFIX)/share
MANDIR     ?= $(DATADIR)/man
sysconfdir ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
SYSTEMDDIR ?= $(PREFIX)/lib
UNITDIR    ?= $(SYSTEMDDIR)/systemd/system
ZSHDIR     ?= $(DATADIR)/zsh/site-functions
PYTHONDIR  ?= $(DATADIR)/reeve/python
DESTDIR    ?=

WARNINGS   := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes -Wstrict-prototypes \
              -Wcast-qual -Wpointer-arith -Wvla -Wformat=2 -Wundef -Wwrite-strings
# Options that not every compiler has are tried once. Instrumented builds have their own CFLAGS.
hash       := \#
has         = $(shell printf '$(hash)include <stdio.h>\nint main(void) { return 0; }\n' | \
              $(CC) -O2 -Werror $(1) -x c -S -o /dev/null - 2>/dev/null && echo '$(1)')
fortify    := $(or $(call has,-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
HARDENING  := $(call has,-fcf-protection) $(call has,-ftrivial-auto-var-init=zero)
CFLAGS     ?= -O2 -g $(fortify) -fstack-protector-strong
EXTRA      ?=
ALL_CFLAGS  = -std=gnu17 -D_GNU_SOURCE -DREEVE_VERSION='"$(VERSION)"' \
              -DLIBEXECDIR='"$(LIBEXECDIR)"' -DSYSCONFDIR='"$(sysconfdir)"' -I. -fPIE $(WARNINGS) $(HARDENING) $(CFLAGS) $(EXTRA)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(LDFLAGS) $(EXTRA)
ifeq ($(V),)
quiet = @echo '  $(1) $@';
endif

DIRS       := common proto master rpcd ctl
# A sanitizer has a crypt_r of its own, which calls that of the library; the linker would leave
# the library out.
lib_crypt   := -Wl,--push-state,--no-as-needed -lcrypt -Wl,--pop-state
libs_common := -ljansson
libs_proto  := -ljansson
libs_master := -ljansson $(lib_crypt)
libs_rpcd   := -lmicrohttpd -lexpat -ljansson -lgnutls
libs_ctl    := -ljansson -lexpat $(lib_crypt)
PROGRAMS   := $(BUILD)/reeved $(BUILD)/reeve-rpcd $(BUILD)/reeve-verifier $(BUILD)/reevectl \
              $(BUILD)/pidproxy
MAINS      := %/main.c
MANUALS    := $(wildcard man/*.[1-8])

UNIT       := $(patsubst tests/%.c,$(BUILD)/tests/%,$(shell find tests/unit -name 'test_*.c'))
# Programs that print the tables of a directory for the manuals.
TABLES     := $(patsubst %,$(BUILD)/man/tables/%,proto master rpcd ctl)
CHILDREN   := $(patsubst tests/bin/%.c,$(BUILD)/tests/bin/%,$(wildcard tests/bin/*.c))

# Variants are complete builds in directories of their own. The sanitizers and valgrind need a
# plain fork and reeve-rpcd without seccomp; two of gcc's warnings are wrong in instrumented code.
# The seam lets a test enter the FATAL state.
SANITIZED  := -DREEVE_SANITIZED -DSPAWN_PLAIN_FORK
ASAN       := BUILD=build/asan CFLAGS='-O1 -g -fno-omit-frame-pointer' \
              EXTRA='-fsanitize=address,undefined -fno-sanitize-recover=undefined \
              -Wno-format-truncation -Wno-maybe-uninitialized $(SANITIZED)'
# Without the hardening that initializes variables: valgrind must see the uninitialized ones.
VALGRIND   := BUILD=build/valgrind HARDENING= CFLAGS='-O1 -g' EXTRA='$(SANITIZED)'
SEAM       := BUILD=build/seam EXTRA=-DREEVE_TEST_SEAM

.PHONY: all
all: $(PROGRAMS)

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(call quiet,CC)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Files that contain a path of the installation are rebuilt when the path changes.
paths      := $(LIBEXECDIR) $(sysconfdir)
ifneq ($(paths),$(shell cat $(BUILD)/paths 2>/dev/null))
$(shell mkdir -p $(BUILD) && echo '$(paths)' >$(BUILD)/paths)
endif
$(BUILD)/obj/master/helper/helper_program.o $(BUILD)/obj/master/config/load/load.o \
$(BUILD)/obj/ctl/daemon/conffile.o: $(BUILD)/paths
$(BUILD)/obj/master/config/sample.o: master/config/reeved.conf.sample
ui         := $(sort $(wildcard rpcd/ui/*))
$(BUILD)/obj/rpcd/pages/files.o: $(ui)
$(BUILD)/obj/rpcd/pages/files.o: ALL_CFLAGS += -DPAGE_VERSION='"$(firstword $(shell cat $(ui) | cksum))"'

# Each directory is a library; its program is main.c with this library and those of lower layers.
objects     = $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out $(MAINS),$(shell find $(1) -name '*.c')))
layers      = $(if $(filter $(1),common),common,$(if $(filter $(1),proto),proto common,$(1) proto common))
archives    = $(foreach l,$(call layers,$(1)),$(BUILD)/lib$(l).a)
define directory
$(BUILD)/lib$(1).a: $(call objects,$(1))
	@rm -f $$@
	$$(call quiet,AR)ar rcs $$@ $$^
$(BUILD)/tests/unit/$(1)/%: $(BUILD)/obj/tests/unit/$(1)/%.o $(call archives,$(1))
	@mkdir -p $$(@D)
	$$(call quiet,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ -lcmocka $$(libs_$(1))
$(BUILD)/man/tables/$(1): $(BUILD)/obj/man/tables/$(1).o $(BUILD)/obj/man/tables/mdoc.o $(call archives,$(1))
	@mkdir -p $$(@D)
	$$(call quiet,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(libs_$(1))
endef
define program
$(BUILD)/$(1): $(BUILD)/obj/$(2)/main.o $(call archives,$(2))
	$$(call quiet,LD)$$(CC) $$(ALL_LDFLAGS) -o $$@ $$^ $$(libs_$(2))
endef
$(foreach d,$(DIRS),$(eval $(call directory,$(d))))
$(eval $(call program,reeved,master))
$(eval $(call program,reeve-rpcd,rpcd))
$(eval $(call program,reevectl,ctl))
$(BUILD)/reeve-verifier: $(BUILD)/obj/master/helper/verifier/main.o $(call archives,master)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ $(libs_master)
$(BUILD)/pidproxy: $(BUILD)/obj/master/pidproxy/main.o $(BUILD)/libcommon.a
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^

BENCH      := $(patsubst %.c,$(BUILD)/obj/%.o,$(filter-out %/stamp.c,$(wildcard tests/bench/*.c)))
$(BUILD)/tests/bench/limit: $(BENCH)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^ -lmicrohttpd
# Linked statically, so that no time passes between its exec and its output.
$(BUILD)/tests/bench/stamp: $(BUILD)/obj/tests/bench/stamp.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(filter-out -pie,$(ALL_LDFLAGS)) -static-pie -o $@ $^

$(BUILD)/tests/bin/%: $(BUILD)/obj/tests/bin/%.o
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $^

# reeved with wrappers around its system calls and allocations, and reeve-rpcd with the clocks of
# tests; the other programs beside them are those of the build. --wrap follows from the wrappers.
FAULT      := $(patsubst %.c,$(BUILD)/obj/%.o,$(wildcard tests/fault/*.c))
fault_clock := $(BUILD)/obj/tests/fault/fault.o $(BUILD)/obj/tests/fault/clocks.o
wraps       = $$(nm $(filter $(FAULT),$^) | sed -n 's/.* T __wrap_/-Wl,--wrap=/p')
$(BUILD)/fault/reeved: $(BUILD)/obj/master/main.o $(FAULT) $(call archives,master)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $(wraps) $^ $(libs_master)
$(BUILD)/fault/reeve-rpcd: $(BUILD)/obj/rpcd/main.o $(fault_clock) $(call archives,rpcd)
	@mkdir -p $(@D)
	$(call quiet,LD)$(CC) $(ALL_LDFLAGS) -o $@ $(wraps) $^ $(libs_rpcd)
$(BUILD)/fault/%: $(BUILD)/%
	@mkdir -p $(@D)
	@ln -sf ../$* $@
.PHONY: fault-programs
fault-programs: $(patsubst $(BUILD)/%,$(BUILD)/fault/%,$(PROGRAMS))

.PHONY: test-programs
test-programs: all $(UNIT) $(CHILDREN) $(TABLES)

.PHONY: man-tables
man-tables: $(TABLES)
	@man/tables/put

# --- packages, demonstration ---------------------------------------------------

.PHONY: help deps test-deps lint-deps deb-deps long-deps demo clean
help:
	@echo 'make deps        install the packages for building'
	@echo 'make             build reeved, its helpers, reevectl and pidproxy into $(BUILD)/'
	@echo 'make demo        run reeved with two real programs, API on 127.0.0.1:9001'
	@echo 'make test-deps   install the packages for testing'
	@echo 'make check       build and run the tests; ends with N passed, N failed'
	@echo 'make check-long  check, and run more: sanitizers, valgrind, browser, Prometheus, package'
	@echo 'make long-deps   install the packages for check-long'
	@echo 'make compat      compare reeve with supervisord; ends with compat: N of M agree'
	@echo 'make asan        run all tests under ASan and UBSan'
	@echo 'make soak        30 minutes (SOAK_S=SECONDS) of random operations, with ASan; SEED=N'
	@echo 'make bench       measure reeve, supervisord and the machine by itself'
	@echo 'make lint        check layers, sizes, layout, spelling, warnings, manuals'
	@echo 'make lint-deps   install the packages for lint'
	@echo 'make man-tables  update those tables of the manuals that the code prints'
	@echo 'make install     install below DESTDIR; PREFIX is /usr/local by default'
	@echo 'make install-compat  also install the names supervisord and supervisorctl'
	@echo 'make uninstall   remove what both installed, except changed configuration files'
	@echo 'make deb-deps    install the packages for deb'
	@echo 'make deb         build Debian packages into $(BUILD)/deb'
	@echo 'make clean       remove build/'

deps:
	@tests/packages deps

lint-deps:
	@tests/packages lint-deps

deb-deps:
	@tests/packages deb-deps

long-deps:
	@tests/packages long-deps

test-deps: deps
	@tests/packages test-deps

demo: all
	@tests/packages demo
	@master/dist/demo/run $(BUILD)

clean:
	rm -rf build

# --- installation --------------------------------------------------------------

# All installed files: mode, directory, file, and the installed name if that differs. Paths are
# filled into files named .in. An existing configuration is kept. Directories that it names are
# created, because not every system reads tmpfiles.d; a staged installation has no /run.
install_rows = \
	755:$(SBINDIR):$(BUILD)/reeved: \
	755:$(BINDIR):$(BUILD)/reevectl: \
	755:$(BINDIR):$(BUILD)/pidproxy: \
	755:$(LIBEXECDIR):$(BUILD)/reeve-rpcd: \
	755:$(LIBEXECDIR):$(BUILD)/reeve-verifier: \
	644:$(DATADIR)/reeve:master/config/reeved.conf.sample: \
	644:$(DATADIR)/bash-completion/completions:ctl/completion/reevectl.bash:reevectl \
	644:$(ZSHDIR):ctl/completion/_reevectl: \
	644:$(DATADIR)/fish/vendor_completions.d:ctl/completion/reevectl.fish: \
	644:$(UNITDIR):master/dist/install/reeved.service.in:reeved.service \
	644:$(SYSTEMDDIR)/sysusers.d:master/dist/install/reeve.sysusers:reeve.conf \
	644:$(SYSTEMDDIR)/tmpfiles.d:master/dist/install/reeve.tmpfiles:reeve.conf \
	644:$(sysconfdir)/reeve:master/dist/install/reeved.conf.in:reeved.conf \
	$(foreach m,$(MANUALS),644:$(MANDIR)/man$(patsubst .%,%,$(suffix $(m))):$(m):) \
	644:$(DATADIR)/doc/reeve/examples:master/dist/install/adopt.conf: \
	$(foreach e,$(wildcard rpcd/example/*),$(if $(suffix $(e)),644,755):$(DATADIR)/doc/reeve/examples:$(e):) \
	$(foreach p,$(wildcard master/dist/python/supervisor/*.py),644:$(PYTHONDIR)/supervisor:$(p):)
compat_rows = \
	link:$(BINDIR):$(SBINDIR)/reeved:supervisord \
	link:$(BINDIR):reevectl:supervisorctl \
	755:$(BINDIR):master/dist/install/echo_supervisord_conf.in:echo_supervisord_conf \
	page:$(MANDIR)/man1:man8/reeved.8:supervisord.1 \
	page:$(MANDIR)/man1:man8/reeved.8:echo_supervisord_conf.1 \
	page:$(MANDIR)/man1:man1/reevectl.1:supervisorctl.1
installer   = DESTDIR='$(DESTDIR)' bindir='$(BINDIR)' sbindir='$(SBINDIR)' \
              sysconfdir='$(sysconfdir)' master/dist/install/run

.PHONY: install install-compat uninstall deb
install: all
	@$(installer) put $(install_rows)
	@install -d '$(DESTDIR)$(sysconfdir)/reeve/conf.d'
	@install -d -m 750 '$(DESTDIR)/var/log/reeve'
	@install -d -m 700 '$(DESTDIR)/var/lib/reeve'
	@[ -n '$(DESTDIR)' ] || install -d /run/reeve

install-compat:
	@$(installer) put $(compat_rows)

uninstall:
	@rmdir '$(DESTDIR)$(sysconfdir)/reeve/conf.d' '$(DESTDIR)/var/log/reeve' \
	    '$(DESTDIR)/var/lib/reeve' 2>/dev/null || true
	@$(installer) remove $(compat_rows) $(install_rows)

deb:
	@master/dist/package/build '$(BUILD)' '$(VERSION)'

# --- tests -------------------------------------------------------------------

.PHONY: check check-long asan variants variant-asan variant-seam variant-valgrind unit system
.PHONY: compat
variant-asan:
	@$(MAKE) --no-print-directory $(ASAN) test-programs fault-programs
variant-seam:
	@$(MAKE) --no-print-directory $(SEAM) all fault-programs
variant-valgrind:
	@$(MAKE) --no-print-directory $(VALGRIND) test-programs

check:
	@$(MAKE) --no-print-directory -j2 test-programs variant-seam variant-asan
	@tests/run unit system asan fault soak compat

check-long:
	@$(MAKE) --no-print-directory -j2 test-programs variant-seam variant-asan variant-valgrind
	@REEVE_LONG=1 tests/run unit system asan-all fault-all soak-all compat-all valgrind browser prometheus ansible package

unit: test-programs
	@tests/run unit

system: test-programs variant-seam
	@tests/run system

asan: variant-asan
	@tests/run asan-all

compat: test-programs
	@tests/run compat-all

# The random operations of the soak test: for how long, and the seed of an earlier run.
SOAK_S     ?= 1800
SEED       ?=
.PHONY: soak
soak: test-programs variant-asan
	@tests/soak/run --seconds $(SOAK_S) $(addprefix --seed ,$(SEED))

.PHONY: bench
bench: test-programs $(BUILD)/tests/bench/limit $(BUILD)/tests/bench/stamp
	@tests/packages bench
	@tests/bench/run --json $(BUILD)/bench.json

.PHONY: lint
lint:
	@tests/lint/run

.SECONDARY:
-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
