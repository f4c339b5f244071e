# Scripts that the guest's shell and the machine's own must agree on; each begins at its heading.
#### cat
printf 'a\nb\n' > f; cat f f; cat f - < f; cat none || echo $?
#### cp
echo 1 > a; cp a b; cat b; mkdir d; cp a b d; ls d; cp none x || echo $?; cp d e || echo $?; cp -r d e; ls e
#### cp-mode
echo 1 > a; chmod 750 a; cp a b; test -x b && echo executable
#### mv
echo 1 > a; mv a b; ls; mkdir d; mv b d; cat d/b; mv none x || echo $?
#### rm
touch a b; rm a; ls; rm a || echo $?; rm -f a && echo forced; mkdir d; rm d || echo $?; rm -rf d; ls
#### mkdir
mkdir a/b || echo $?; mkdir -p a/b/c && ls a; mkdir a || echo $?; mkdir -p a && echo there; mkdir -m 700 x
#### touch
touch a; test -f a && echo made; touch none/a || echo $?
#### ln
echo 1 > a; ln -s a l; cat l; readlink l; ln -s b l || echo $?; ln -sf b l; readlink l; test -L l && echo link
#### chmod
touch f; chmod 755 f; test -x f && echo x; chmod a-x f; test -x f || echo no; chmod u+x f; test -x f && echo u
#### tee
echo a | tee f g; cat f g; echo b | tee -a f > /dev/null; cat f
#### install
echo 1 > a; install -m 700 a b; test -x b && cat b; install -d x/y && ls x
#### grep
printf 'Foo\nbar\nfoobar\n' > f; grep foo f; grep -i foo f; grep -v o f; grep -n bar f; grep -c foo f; grep -q x f || echo $?
#### grep-patterns
printf 'a1\nb22\n# c\n\n' | grep -E '^[a-z][0-9]+$'; printf 'x.y\nxzy\n' | grep -F x.y; echo 'k=v' | grep -o '[^=]*$'; printf 'ab\n' | grep 'a\(b\)'
#### sed
printf 'a=1\nb=2\n' > f; sed 's/a/X/' f; sed -i 's/=/: /g' f; cat f; sed -n '2p' f; sed '/a/d' f; sed -e '$d' f
#### sed-groups
echo 'key: value' | sed 's/\([a-z]*\): \(.*\)/\2=\1/'; echo abc | sed -E 's/(b)/[\1&]/'; echo /a/b | sed 's#/a#/c#'
#### sed-comment
printf 'UUID / ext4\n/swap.img none swap sw 0 0\n' | sed -e '/ swap / s/^/#/'
#### sed-range
printf '1\n2\n3\n4\n' | sed '2,3d'; printf 'a\nb\nc\n' | sed '/a/,/b/s/$/!/'
#### sed-insert
printf 'a\nb\n' | sed '/b/i new'; printf 'a\n' | sed '$a end'
#### head-tail
seq 1 12 | head -n 2; seq 1 12 | tail -n 2; seq 1 3 | head -1; seq 1 3 | tail -n +2; seq 12 | head | tail -1
#### cut
echo 'a:b:c' | cut -d: -f2; echo 'a:b:c' | cut -d: -f1,3; echo abcdef | cut -c2-4; echo plain | cut -d: -f2
#### tr
echo 'Hello' | tr a-z A-Z; echo 'a b' | tr -d ' '; echo aab | tr -s a; printf 'a\nb\n' | tr '\n' ','
#### sort-uniq
printf 'b\na\nb\n' | sort; printf 'b\na\nb\n' | sort -u; printf '10\n9\n' | sort -n; printf 'a\na\nb\n' | uniq; printf '1\n2\n' | sort -r
#### wc
printf 'a b\nc\n' | wc -l; printf 'a b\nc\n' | wc -w; printf abc | wc -c
#### basename-dirname
basename /a/b.txt .txt; basename /a/b/; dirname /a/b; dirname b; dirname /a
#### printf
printf '%s-%s\n' a b c; printf '%d%%\n' 7; printf '%05d|%-4s|\n' 42 ab; printf plain
#### echo
echo -n no newline; echo; echo 'a\tb'
#### base64
printf 'hello' | base64; printf 'aGVsbG8=' | base64 -d
#### sha256sum
printf abc > f; sha256sum f; sha256sum < f
#### seq
seq 3; seq 2 4; seq 1 2 5
#### env
X=1 env | grep ^X=; env Y=2 sh -c 'echo ${Y:-none}' | grep -c .
#### test-files
touch e; echo x > f; test -s e || echo empty; test -s f && echo full; test -d . && test ! -f .
#### realpath-missing
test -e a/b || echo none; ls none 2>/dev/null || echo $?
