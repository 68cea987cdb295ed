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
	$(call archive,utf8proc) -lm
# Two mappings of a program instead of four: it starts a hundredth sooner.
SEGMENTS = -Wl,-z,noseparate-code
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
SCRIPTS = .ci/run .ci/packages tests/run tests/demo tests/helper.bash tests/includes $(wildcard tests/soak/*)
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

soak: all $(HELPERS)
	@BIN=$(abspath $(B)) LIMIT=20000 tests/run $(wildcard tests/soak/*)

fuzz:
	@$(MAKE) fuzz-run B=$(B)/fuzz CC=clang \
		CFLAGS='$(SAN) -fsanitize=fuzzer-no-link'

fuzz-run: $(FUZZ)
	@set -e; for f in $(FUZZ); do mkdir -p $$f.corpus; \
		$$f -max_total_time=$(FUZZ_SECONDS) $$f.corpus; done

install: all
	install -d $(addprefix $(DESTDIR)$(PREFIX)/,bin share/man/man1 share/man/man7)
	install $(PROGRAMS) $(DESTDIR)$(PREFIX)/bin
	install -m 644 $(wildcard man/*.1) $(DESTDIR)$(PREFIX)/share/man/man1
	install -m 644 $(wildcard man/*.7) $(DESTDIR)$(PREFIX)/share/man/man7

uninstall:
	cd $(DESTDIR)$(PREFIX) && rm -f $(patsubst $(B)/%,bin/%,$(PROGRAMS)) \
		$(patsubst man/%.1,share/man/man1/%.1,$(wildcard man/*.1)) \
		$(patsubst man/%.7,share/man/man7/%.7,$(wildcard man/*.7))

# What is suppressed: cppcheck takes 0x1p63 for an integer, and does not see
# that a function which rejects a NULL never returns.
lint:
	tests/includes
	clang-tidy --quiet $(filter cmd/% lib/%,$(SOURCES)) -- $(STD) $(WARN)
	cppcheck --quiet --error-exitcode=1 -Ilib \
		--enable=warning,performance,portability \
		--suppress=incorrectLogicOperator \
		--suppress=nullPointerArithmeticRedundantCheck \
		$(filter cmd/% lib/%,$(SOURCES))
	shellcheck $(SCRIPTS)
	shellcheck -S error $(wildcard tests/*.bats tests/*.bash) $(NEIGHBOURS)
	mandoc -T lint -W warning $(wildcard man/*)

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
	$(CC) $(STD) $(WARN) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(LIB): $(LIBSRC:%.c=$(B)/%.o)
	@rm -f $@
	$(AR) rcs $@ $^

$(PROGRAMS): $(B)/%: $(B)/cmd/%.o $(LIB)
$(UNIT) $(HELPERS) $(BENCH): $(B)/%: $(B)/%.o $(LIB)
$(FUZZ): $(B)/%: $(B)/%.o $(LIB)
$(FUZZ): LINK = -fsanitize=fuzzer
$(PROGRAMS) $(UNIT) $(HELPERS) $(BENCH) $(FUZZ):
	$(CC) $(CFLAGS) $(LINK) $(SEGMENTS) $(LDFLAGS) -o $@ $^ $(LIBS)

-include $(patsubst %.c,$(B)/%.d,$(SOURCES))
.PHONY: all demo check check-san neighbours bench bench-instructions soak fuzz fuzz-run \
	install uninstall lint format clean
.SECONDARY:
