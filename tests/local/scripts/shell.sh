# Scripts that the guest's shell and the machine's own must agree on; each begins at its heading.
#### words
echo a  b "c  d" 'e  f' g\ h "i\"j" 'k"l'
#### variables
x=5 y="a b"; echo $x ${x} "$y" $y ${#y}; z=$y; echo "$z"
#### defaults
e=; echo ${u-d} ${u:-d} ${e-d}. ${e:-d} ${u:=set} $u ${u:+alt} ${none:+alt}.
#### trimming
p=/a/b/c.tar.gz; echo ${p##*/} ${p#*/} ${p%.*} ${p%%.*}; q="a*b"; echo "${q%\*b}"
#### substitution
echo $(echo a; echo b) "$(printf "x\ny\n\n")" `echo back` $(echo "$(echo "in ner")")
#### arithmetic
i=7; echo $((i+1)) $((i*2-3)) $((i/2)) $((-i/2)) $((i%4)) $((i>3&&i<9)) $(((1+2)*3)) $((0x10))
#### and-or
true && echo yes || echo no; false && echo no || echo other; ! false && echo negated
#### or-skips
false && echo a && echo b; echo $?; true || echo c || echo d; echo $?
#### if
if false; then echo 1; elif true; then echo 2; else echo 3; fi; if false; then echo x; fi; echo $?
#### for
for i in 1 "2 3" 4; do echo "<$i>"; done; for i in; do echo never; done; echo $?
#### while
i=0; while [ $i -lt 3 ]; do i=$((i+1)); [ $i = 2 ] && continue; echo $i; done; until true; do echo n; done
#### break
for i in 1 2 3; do for j in a b; do [ $i$j = 2a ] && break 2; echo $i$j; done; done
#### case
for w in apple "b c" 7; do case $w in a*|x) echo A;; "b c") echo B;; [0-9]) echo D;; *) echo O;; esac; done
#### functions
f() { echo "$1-$#"; shift; echo "$*"; return 3; }; f a b c; echo $?; f x || echo failed
#### positional
set -- a "b c" d; echo $# $2; for x in "$@"; do echo "<$x>"; done; for x; do echo "[$x]"; done
#### group
{ echo a; echo b; } | cat; (x=1; cd /; echo sub); echo ${x:-unset}
#### pipe
printf 'c\na\nb\n' | sort | head -n 2; echo a | { read v; echo "got $v"; }; false | true; echo $?
#### here-document
x=1; cat <<EOF
value $x $(echo sub) \$x
EOF
cat <<'EOF'
raw $x
EOF
cat <<-E
	tabbed
	E
#### redirect
echo one > f; echo two >> f; cat < f; echo err >&2 2>/dev/null; { echo a; echo b; } > g; cat g
#### redirect-order
sh -c 'echo out; echo err >&2' > h 2>&1; cat h
#### read-loop
printf '1 a\n2 b c\n' > r; while read n rest; do echo "$rest:$n"; done < r
#### errexit
set -e; false || echo kept; if false; then :; fi; ! true; echo before; false; echo never
#### errexit-function
set -e
f() { false; echo after; }
f || echo tested
f
echo never
#### nounset
set -u; echo ${x:-ok}; echo $x; echo never
#### exit
echo a; (exit 4); echo $?; exit 3; echo never
#### exit-in-substitution
x=$(exit 5); echo $?; y=$(echo v; exit 2) || echo $? $y
#### eval
c="echo x y"; eval $c; eval "n=3"; echo $n
#### source
echo 'v=9; echo in' > lib; . ./lib; echo $v
#### export
a=1; export b=2; sh -c 'echo ${a:-none} $b'; c=3 sh -c 'echo $c'; echo ${c:-gone}
#### dash-c
sh -c 'echo $0 $1' name arg; sh -c 'exit 6'; echo $?
#### glob
mkdir d; touch d/a1 d/a2 d/b .hid; echo d/a* d/? 'd/a*' d/none* *
#### comments
echo a # comment
# whole line
echo 'b # c' d#e
#### continuation
echo a \
  b && \
  echo c
#### quotes-in-quotes
echo "it's" 'say "hi"' "$(echo "nested 'q'")"
#### special
true; echo $?; false; echo $?; echo "a$(:)b" '' x
#### empty-words
e=; set -- $e "" "$e"; echo $#
#### assignment-words
a=b=c; echo $a; echo a=b; x=1 y=2; echo $x$y; PATH_LIKE=/a:/b; echo $PATH_LIKE
#### command-v
command -v cd >/dev/null && echo yes; command -v no-such-program || echo none
#### nested-if
if true; then if false; then echo a; else echo b; fi; fi
if [ -n x ] && [ ! -e nothing ]; then echo c; fi
#### test
[ a = a ] && echo 1; [ a != a ] || echo 2; [ 3 -ge 2 -a 1 -lt 2 ] && echo 3; [ -z "" ] && echo 4; test 1 -eq 2 || echo 5
#### command-not-found-goes-on
no-such-program 2>/dev/null; echo $?
#### tilde
HOME=/home/x; echo ~ ~/y '~'
#### multi-line-string
x='a
b'; echo "$x"; echo $x
