class Csvpipe < Formula
  desc "Unix filters for CSV streams: cut, filter, map, batch and parallel"
  homepage "@URL@"
  url "@URL@"
  sha256 "@SHA256@"
  license "MIT"

  depends_on "libcsv"
  depends_on :linux
  depends_on "pcre2"
  depends_on "utf8proc"
  depends_on "xxhash"

  conflicts_with "csvkit", because: "both install `csvcut`"

  def install
    system "make", "install", "PREFIX=#{prefix}",
           "BASH_DIR=#{bash_completion}", "FISH_DIR=#{fish_completion}",
           "ZSH_DIR=#{zsh_completion}"
  end

  test do
    assert_equal "b\n2\n", pipe_output("#{bin}/csvcut -c b", "a,b\n1,2\n", 0)
  end
end
