# csvpipe
CC ?= gcc
CFLAGS ?= -O2 -g
B ?= build
STD = -std=c11 -D_GNU_SOURCE -Ilib
WARN = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes \
	-Wmissing-prototypes

PROGRAMS = $(patsubst cmd/%.c,%,$(wildcard cmd/*.c))
LIBSRC = $(wildcard lib/*.c lib/*/*.c)
LIBOBJ = $(LIBSRC:%.c=$(B)/%.o)

all: $(PROGRAMS:%=$(B)/%)

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(STD) $(WARN) $(CFLAGS) -MMD -c -o $@ $<

$(B)/libcsvpipe.a: $(LIBOBJ)
	$(AR) rcs $@ $^

$(PROGRAMS:%=$(B)/%): $(B)/%: $(B)/cmd/%.o $(B)/libcsvpipe.a
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -Wl,--as-needed -lcsv -lpcre2-8 -lxxhash

clean:
	rm -rf $(B)

-include $(LIBOBJ:.o=.d) $(PROGRAMS:%=$(B)/cmd/%.d)
