# Numbers, dates and letters are the same in every language and time zone.

load helper

# Does the C library of this shell really speak the language?
speaks() {
	[ "$(LOCPATH=$PWD LC_ALL=$1.UTF-8 /usr/bin/printf '%.1f' 1.5)" = 1,5 ]
}

@test "78, 79: German and Turkish, and any time zone, change nothing" {
	command -v localedef >/dev/null || skip "localedef is not installed"
	cat >in <<-'END'
		day,a,name
		2018-03-25T02:30:00,1234.5,TITLE i
		2018-10-28T02:30:00,-.25,strasse
	END
	program='day = strftime(datetime(day) + 1, "%a %d %b %Y %H:%M:%S");
	    a = format("%.3f", a * 2 + 0.1); name = lower(name) ++ upper(name)'
	LC_ALL=C "$BIN/csvmap" "$program" in >want
	for language in de_DE tr_TR; do
		localedef -i "$language" -f UTF-8 "./$language.UTF-8" ||
			skip "the locale $language cannot be generated"
		speaks "$language" || skip "$language has no decimal comma here"
		for zone in Europe/Berlin America/New_York; do
			LOCPATH=$PWD LC_ALL=$language.UTF-8 LANG=$language.UTF-8 \
				TZ=$zone "$BIN/csvmap" "$program" in >out
			same want out
		done
		LOCPATH=$PWD LC_ALL=$language.UTF-8 "$BIN/csvfilter" \
			'a < 1000.5 and name == "strasse"' in >out
		[ "$(wc -l <out)" -eq 2 ]
	done
}
