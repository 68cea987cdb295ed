# profile.gp: draws what the stages of a pipe say by --progress=FILE.
#
#	gnuplot -e 'from = "run.csv"' profile.gp > run.svg
#
# Above, the memory of each stage and its commands over time; below, how long
# each stage worked and waited.  The slow stage is the one that waits least.
# With -e 'decades = 1' memory has a logarithmic axis.
if (!exists("from")) from = "progress.csv"
set terminal svg size 800, 640 font "sans,13" background "white"
set datafile separator comma
quoted = "'" . from . "'"
stages = system("awk -F, 'NR > 1 && !seen[$3]++ { print $2 \":\" $3 }' " . quoted)
last = "< awk -F, 'NR > 1 { if (!($3 in row)) order[++n] = $3; row[$3] = $0 } " \
     . "END { for (i = 1; i <= n; i++) print row[order[i]] }' " . quoted
name(stage) = stage[1:strstrt(stage, ":") - 1]
of(stage) = "< grep '^[^,]*," . name(stage) . "," \
          . stage[strstrt(stage, ":") + 1:*] . ",' " . quoted
set multiplot layout 2, 1
set title "memory, MiB"
set grid ytics
set yrange [0:*]
if (exists("decades")) set logscale y; set yrange [1:*]
set key outside right
set xdata time
set timefmt "%Y-%m-%dT%H:%M:%SZ"
set format x "%M:%S"
set xtics rotate by -40
plot for [stage in stages] of(stage) using 1:(($11 + $13) / 1024) \
     with linespoints linewidth 2 pointtype 7 pointsize 0.4 title name(stage)
unset logscale
set yrange [0:*]
set title "seconds"
set xdata
set format x "%g"
set xtics norotate
set style data histograms
set style histogram rowstacked
set style fill solid 0.8 noborder
set boxwidth 0.6
plot last using 8:xticlabels(2) title "working" linecolor rgb "#c0392b", \
     last using 9 title "waiting for input" linecolor rgb "#d5dbdb", \
     last using 10 title "waiting for output" linecolor rgb "#aab7b8"
unset multiplot
