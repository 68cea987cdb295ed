# csvpipe: build, test, install.  `make demo` and `make check` install what
# they need; a flavour is a directory: make B=build/clang CC=clang.
CFLAGS ?= -O2 -g
PREFIX ?= /usr/local
B = build
STD = -std=c11 -D_GNU_SOURCE -Ilib
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes
# libcsv's licence wants it shared; the others in the program, where there is an
# archive of them, let it start a tenth sooner.
archive = $(or $(filter /%,$(shell $(CC) -print-file-name=lib$(1).a)),-l$(1))
LIBS := -Wl,--as-needed -lcsv $(call archive,pcre2-8) $(call archive,xxhash) \
	$(call archive,utf8proc)
# Two mappings of a program instead of four: it starts a hundredth sooner.
SEGMENTS = -Wl,-z,noseparate-code -Wl,-z,relro
# What costs a record at most a hundredth and the start nothing: not BIND_NOW
# (the start), and no guards in the innermost loops over values.
HARDEN = -fPIE $(if $(findstring sanitize,$(CFLAGS)),,$(if $(filter -O1 -O2 \
	-O3 -Os,$(CFLAGS)),-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2))
GUARD = -fstack-protector-strong
UNGUARDED = $(patsubst %.c,$(B)/%.o,lib/number.c $(wildcard lib/number/*.c) \
	lib/expr/date.c lib/expr/eval.c)
SAN = -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all
FUZZ_SECONDS = 60

LIBSRC = $(wildcard lib/*.c lib/*/*.c)
LIB = $(B)/libcsvpipe.a
PROGRAMS = $(patsubst %.c,$(B)/%,$(notdir $(wildcard cmd/*.c)))
UNIT = $(patsubst %.c,$(B)/%,$(wildcard tests/unit/*_test.c))
HELPERS = $(patsubst %.c,$(B)/%,$(wildcard tests/*.c))
BENCH = $(patsubst %.c,$(B)/%,$(wildcard tests/bench/*.c))
FUZZ = $(patsubst %.c,$(B)/%,$(wildcard tests/fuzz/*_fuzz.c))
NEIGHBOURS = $(filter-out %.bash %.py,$(wildcard tests/neighbours/*))
SOURCES = $(wildcard cmd/*.c lib/*.c lib/*/*.c tests/*.c tests/*/*.c)
SCRIPTS = .ci/run .ci/packages tests/run tests/demo tests/helper.bash tests/includes \
	man/share/words man/share/csvpipe.bash .ci/deb .ci/static $(wildcard tests/soak/*)
MAKEFLAGS += --no-print-directory
PACKAGES = CC='$(CC)' CPPFLAGS='$(CPPFLAGS)' .ci/packages

all: $(PROGRAMS)

demo:
	@$(PACKAGES) install build
	@$(MAKE) all $(B)/tests/parking
	@BIN=$(abspath $(B)) tests/demo

check:
	@$(PACKAGES) install build test
	@$(MAKE) all $(UNIT) $(HELPERS)
	@BIN=$(abspath $(B)) tests/run $(abspath $(UNIT) \
		$(filter %/expr_run,$(HELPERS))) $(wildcard tests/*.bats)

check-san:
	@CSVPIPE_SAN=1 $(MAKE) check B=$(B)/asan CFLAGS='$(SAN)'

# The recipes of csvpipe-cookbook(7) on real systems; what cannot be had is
# skipped by name.
neighbours:
	@$(PACKAGES) install build neighbours
	@$(MAKE) all $(B)/tests/parking
	@BIN=$(abspath $(B)) tests/run $(NEIGHBOURS)

bench: all $(B)/tests/parking $(BENCH)
	@$(MAKE) -s all B=$(B)/sse2 CPPFLAGS='-DSPLIT_ISA=\"sse2\"'
	@$(MAKE) -s all B=$(B)/plain CPPFLAGS='-DSPLIT_ISA=\"plain\"'
	@$(MAKE) -s install DESTDIR= PREFIX=$(abspath $(B)/bench/usr)
	@BIN=$(abspath $(B)) tests/bench/run

# Writes the table that make check holds the programs against.
bench-instructions: all $(B)/tests/parking
	@BIN=$(abspath $(B)) tests/bench/instructions | \
		tee tests/bench/instructions.txt

soak: all $(UNIT) $(HELPERS)
	@BIN=$(abspath $(B)) LIMIT=20000 tests/run $(wildcard tests/soak/*)

fuzz:
	@$(MAKE) fuzz-run B=$(B)/fuzz CC=clang \
		CFLAGS='$(SAN) -fsanitize=fuzzer-no-link'

fuzz-run: $(FUZZ)
	@set -e; for f in $(FUZZ); do mkdir -p $$f.corpus; \
		$$f -max_total_time=$(FUZZ_SECONDS) $$f.corpus; done

# PROGRAM_PREFIX=x installs xcsvcut and xcsvcut(1): csvkit has a csvcut, too.
NAMES = $(addprefix $(PROGRAM_PREFIX),$(notdir $(PROGRAMS)))
ROOT = $(DESTDIR)$(PREFIX)
BASH_DIR = $(ROOT)/share/bash-completion/completions
FISH_DIR = $(ROOT)/share/fish/vendor_completions.d
ZSH_DIR = $(ROOT)/share/zsh/site-functions
FUNCTIONS = $(shell sed -n 's/^[ \t]*{"\([a-z_0-9]*\)", "[^"]*", TYPE.*/\1/p' lib/expr/func.c)
FILL = sed 's/@PROGRAMS@/$(NAMES)/; s/@FUNCTIONS@/$(FUNCTIONS)/'

install: all
	install -d $(ROOT)/bin $(ROOT)/share/csvpipe $(ROOT)/share/man/man1 \
		$(ROOT)/share/man/man7 $(BASH_DIR) $(FISH_DIR) $(ZSH_DIR)
	$(FILL) man/share/words > $(ROOT)/share/csvpipe/words
	chmod 755 $(ROOT)/share/csvpipe/words
	$(FILL) man/share/_csvpipe > $(ZSH_DIR)/_csvpipe
	$(FILL) man/share/csvpipe.bash > $(BASH_DIR)/csvpipe
	$(FILL) man/share/csvpipe.fish > $(FISH_DIR)/csvpipe.fish
	install -m 644 man/share/profile.gp $(ROOT)/share/csvpipe
	install -m 644 man/*.7 $(ROOT)/share/man/man7
	set -e; for p in $(notdir $(PROGRAMS)); do \
		n=$(PROGRAM_PREFIX)$$p; \
		install $(B)/$$p $(ROOT)/bin/$$n; \
		install -m 644 man/$$p.1 $(ROOT)/share/man/man1/$$n.1; \
		ln -sf csvpipe $(BASH_DIR)/$$n; \
		ln -sf csvpipe.fish $(FISH_DIR)/$$n.fish; \
	done

uninstall:
	rm -rf $(ROOT)/share/csvpipe
	rm -f $(patsubst man/%,$(ROOT)/share/man/man7/%,$(wildcard man/*.7)) \
		$(ZSH_DIR)/_csvpipe $(foreach n,$(NAMES),$(ROOT)/bin/$(n) \
		$(ROOT)/share/man/man1/$(n).1) \
		$(foreach n,csvpipe $(NAMES),$(BASH_DIR)/$(n) $(FISH_DIR)/$(n).fish)

# The source archive, and the formula with which Homebrew builds it; URL is
# where the archive will be.
VERSION = $(shell sed -n 's/.* (csvpipe) \([0-9.]*\)\\n.*/\1/p' lib/options.c)
DIST = $(B)/dist/csvpipe-$(VERSION).tar.gz
URL = file://$(abspath $(DIST))
dist:
	@mkdir -p $(@D) $(B)/dist
	git archive --prefix=csvpipe-$(VERSION)/ HEAD | gzip -9n > $(DIST)
	sed "s|@URL@|$(URL)|; s|@SHA256@|$$(sha256sum < $(DIST) | cut -c 1-64)|" \
		.ci/csvpipe.rb > $(B)/dist/csvpipe.rb

deb:
	@$(PACKAGES) install build
	@$(MAKE) -s all B=$(B)/deb LDFLAGS=-Wl,-z,relro,-z,now
	@.ci/deb $(abspath $(B)/deb) $(B)/dist

static: dist
	@.ci/static $(B)/static $(B)/dist

# A page each; what they name leads to the other pages, or to Debian's.
html:
	@mkdir -p $(B)/html
	cd man && for page in *.[17]; do \
		mandoc -T html -O 'man=%N.%S.html;https://manpages.debian.org/%N.%S' \
			$$page > $(abspath $(B))/html/$$page.html || exit; \
	done
	@ls -d $(B)/html/*

# What is suppressed: cppcheck takes 0x1p63 for an integer, and does not see
# that a function which rejects a NULL never returns, nor knows __has_include.
lint:
	tests/includes
	clang-tidy --quiet $(filter cmd/% lib/%,$(SOURCES)) -- $(STD) $(WARN)
	cppcheck --quiet --error-exitcode=1 -Ilib \
		--enable=warning,performance,portability \
		--suppress=incorrectLogicOperator \
		--suppress=nullPointerArithmeticRedundantCheck \
		--suppress=preprocessorErrorDirective:lib/sandbox.c \
		$(filter cmd/% lib/%,$(SOURCES))
	shellcheck -x $(SCRIPTS)
	shellcheck -S error $(wildcard tests/*.bats tests/*.bash) $(NEIGHBOURS)
	mandoc -T lint -W warning $(wildcard man/*.[17])

format:
	clang-format -i $(SOURCES) $(wildcard lib/*.h lib/*/*.h tests/*.h tests/*/*.h)

clean:
	rm -rf $(B)

# The one line that names a missing package comes before the first compilation.
$(B)/packages:
	@mkdir -p $(@D)
	@$(PACKAGES) check build && touch $@

$(B)/%.o: %.c | $(B)/packages
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) $(HARDEN) $(GUARD) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(UNGUARDED): GUARD =

$(LIB): $(LIBSRC:%.c=$(B)/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

$(PROGRAMS): $(B)/%: $(B)/cmd/%.o $(LIB)
$(UNIT) $(HELPERS) $(BENCH): $(B)/%: $(B)/%.o $(LIB)
$(FUZZ): $(B)/%: $(B)/%.o $(LIB)
$(UNIT): LDLIBS = -lm
$(FUZZ): LINK = -fsanitize=fuzzer
$(PROGRAMS) $(UNIT) $(HELPERS) $(BENCH) $(FUZZ):
	$(CC) $(CFLAGS) $(LINK) $(SEGMENTS) $(LDFLAGS) -o $@ $^ $(LIBS) $(LDLIBS)

-include $(patsubst %.c,$(B)/%.d,$(SOURCES))
.PHONY: all demo check check-san neighbours bench bench-instructions soak fuzz fuzz-run \
	install uninstall dist deb static html lint format clean
.SECONDARY:
