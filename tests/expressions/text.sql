-- Strings: functions, patterns, regular expressions, formats.

SELECT format('%s %I %L', 'a', 'B c', 'it''s'), format('%1$s %1$s %2$s', 'x', 'y'), format('%-10s|%10s|', 'l', 'r'), format('%*s|', 5, 'x'), format('%-*s|', 5, 'x'), format('%*s|', -5, 'x'), format('%2$*1$s|', 6, 'x')
SELECT format('%L %s %I', NULL, NULL, 'user'), format('%L', 'a\b'), format('%s', ARRAY[1,2]), format('%s %s', 1, true), format('%3$s %s', 'a', 'b', 'c', 'd'), format(NULL), format('no args')
SELECT format('%I', NULL)
SELECT format('%y', 1)
SELECT format('%')
SELECT format('%0$s', 1)
SELECT format('%2$s', 1)
SELECT format('%1s %1', 1)
SELECT quote_ident('a'), quote_ident('A b'), quote_ident('select'), quote_ident('a"b'), quote_ident(''), quote_literal('it''s'), quote_literal('a\b'), quote_literal(42), quote_literal(NULL), quote_nullable(NULL), quote_nullable('x'), quote_nullable(1.5)
SELECT lpad('hi', 5), lpad('hi', 5, 'xy'), lpad('hello', 2), rpad('hi', 5, 'xy'), lpad('hi', 5, ''), lpad('hi', -1), lpad(NULL, 5), rpad('äöü', 5, 'ß')
SELECT left('hello', 2), left('hello', -2), right('hello', 2), right('hello', -2), left('hi', 10), left('hi', 0), right('äöü', 2), left('hi', -5), left(NULL, 1)
SELECT substr('hello', 2), substr('hello', 2, 3), substr('hello', -1, 4), substr('hello', 0), substr('hello', 10), substring('hello' from 2 for 3), substring('hello' for 2), substring('hello' from 0 for 3), substring('hello', 2, 2), substr('äöü', 2, 1)
SELECT substr('hello', 2, -1)
SELECT substring('foobar' from 'o(.)b'), substring('foobar' from 'o.b'), substring('foobar' from 'x'), substring('Thomas' from '...$'), substring('foobar', 'o.*'), substring(NULL from 'a')
SELECT overlay('Txxxxas' placing 'hom' from 2 for 4), overlay('abcdef' placing 'X' from 3), overlay('abc' placing 'XYZ' from 10), overlay('abcdef' placing '' from 2 for 2), overlay(NULL placing 'a' from 1)
SELECT overlay('abc' placing 'x' from 0)
SELECT position('lo' in 'hello'), position('' in 'abc'), position('x' in 'abc'), strpos('hello', 'l'), strpos('äöü', 'ü'), strpos('abc', ''), position('ö' in 'äöü')
SELECT trim('  a  '), trim(both 'xy' from 'yxTomxx'), trim(leading 'x' from 'xxa'), btrim('xyxtrimyyx', 'xyz'), ltrim('zzzytest', 'xyz'), rtrim('testxxzx', 'xyz'), trim('xa', 'x'), btrim('  a '), ltrim(E'\t a'), btrim('abc', '')
SELECT repeat('ab', 3), repeat('ab', 0), repeat('ab', -1), reverse('äbc'), reverse(''), translate('12345', '143', 'ax'), translate('abc', '', 'x'), translate('aab', 'aa', 'xy'), initcap('hi THOMAS o''neil x-ray 2nd élan'), upper('äbc'), lower('ÄBC')
SELECT ascii('x'), ascii('ä'), ascii(''), chr(65), chr(228), md5('abc'), md5(''), sha256('abc'::bytea), sha224('abc'::bytea), sha384('a'::bytea), sha512('a'::bytea), md5('\x01'::bytea), to_hex(255), to_hex(-1), to_hex(4294967296), crc32('a'::bytea)
SELECT sha256('abc'), to_hex(2147483647), to_hex(-1::bigint)
SELECT length('äöü'), char_length('abc'), character_length('abc'), octet_length('äöü'), bit_length('ä'), length('\x0102'::bytea), octet_length('\x0102'::bytea), length(''), length(NULL), length('\x6162'::bytea, 'UTF8')
SELECT starts_with('alphabet', 'alph'), 'alphabet' ^@ 'alph', starts_with(NULL, 'a'), 'a' ^@ '', split_part('a,b,c', ',', -2), split_part('a~@~b', '~@~', 2), split_part('abc', '', 2), split_part('', ',', 1)
SELECT string_to_array('xx~~yy~~zz', '~~'), string_to_array('xx~~yy~~zz', '~~', 'yy'), string_to_array('abc', NULL), string_to_array('abc', ''), string_to_array('', ','), string_to_array(NULL, ','), array_to_string(ARRAY[1, 2, NULL, 5], ',', '*'), array_to_string(ARRAY[1, 2, NULL, 5], ','), array_to_string(ARRAY['a', 'b'], NULL)
SELECT string_to_table FROM string_to_table('a,b,,c', ',')
SELECT * FROM string_to_table('a,b,x,c', ',', 'x') AS t(v)
SELECT unistr('d\0061t\+000061'), unistr('\u0061\U00000062'), unistr('a\\b')
SELECT unistr('\x')
SELECT encode('\x0102ff'::bytea, 'escape'), decode('\001x', 'escape'), encode('abc', 'hex'), decode('6162', 'hex'), get_byte('\x0102'::bytea, 1), set_byte('\x0102'::bytea, 1, 64), get_bit('\x01'::bytea, 0), substr('\x010203'::bytea, 2), substring('\x010203'::bytea from 2 for 1), position('\x02'::bytea in '\x010203'::bytea), '\x01'::bytea || '\x02'::bytea, trim('\x00'::bytea from '\x000100'::bytea), reverse('ab')
SELECT get_byte('\x01'::bytea, 5)
SELECT decode('\9', 'escape')
SELECT replace('abcabc', 'b', ''), replace('abc', '', 'x'), replace(NULL, 'a', 'b'), upper(NULL), 'a' || NULL, NULL || 'b', 'a' || 1.50 || true

-- LIKE and SIMILAR TO.
SELECT 'abc' LIKE 'a_c', 'abc' LIKE '%', 'abc' LIKE 'A%', 'abc' ILIKE 'A%', 'a%c' LIKE 'a\%c', 'a%c' LIKE 'a#%c' ESCAPE '#', 'abc' LIKE 'a\bc', 'a\c' LIKE 'a\\c', 'a\c' LIKE 'a\c' ESCAPE '', 'äb' LIKE '_b', '' LIKE '', '' LIKE '%', NULL LIKE 'a', 'a' LIKE NULL
SELECT E'a\nb' LIKE 'a%', E'a\nb' LIKE 'a_b', 'abc' NOT LIKE 'a%', 'abc' NOT ILIKE 'B%', 'abc' ~~ 'a%', 'abc' !~~ 'a%', 'ABC' ~~* 'a%', 'ABC' !~~* 'a%', 'ÄB' ILIKE 'äb'
SELECT 'a' LIKE 'a\'
SELECT 'a' LIKE 'a' ESCAPE 'xy'
SELECT 'abc' SIMILAR TO 'abc', 'abc' SIMILAR TO 'a', 'abc' SIMILAR TO '%(b|d)%', 'abc' SIMILAR TO '(b|c)%', 'aaa' SIMILAR TO 'a{2,3}', 'a.c' SIMILAR TO 'a.c', 'abc' SIMILAR TO 'a.c', 'abc' SIMILAR TO 'a_c', 'a%' SIMILAR TO 'a\%', 'ab' SIMILAR TO '[a-c]+', 'abc' NOT SIMILAR TO 'a%', 'a|b' SIMILAR TO 'a#|b' ESCAPE '#', NULL SIMILAR TO 'a'

-- Regular expressions.
SELECT 'abc' ~ 'b', 'abc' ~ '^b', 'abc' ~* 'B', 'abc' !~ 'b', 'abc' !~* 'B', 'abc' ~ '', '' ~ '^$', NULL ~ 'a', 'a' ~ NULL, E'a\nb' ~ 'a.b', E'a\nb' ~ '(?n)a.b', E'a\nb' ~ '^b', E'a\nb' ~ '(?n)^b', 'a+b' ~ '***=a+b', 'ABC' ~ '(?i)b'
SELECT 'foo bar' ~ '\mbar\M', 'foobar' ~ '\mbar', 'foo bar' ~ '\yfoo\y', 'foobar' ~ '\Yb', 'a1' ~ '\d', 'a_' ~ '\w\w', 'a b' ~ '\s', 'ab' ~ '\S\D\W', 'abc' ~ '[[:alpha:]]{3}', 'a-b' ~ '[a\-]b', 'a]b' ~ '[]a]b', 'a^b' ~ '[\^]', 'tab' ~ '\t', E'\t' ~ '\t', 'é' ~ '\w', 'x' ~ '[[:<:]]x[[:>:]]'
SELECT 'abab' ~ '^(ab)\1$', 'abac' ~ '^(ab)\1$', 'foobar' ~ 'foo(?=bar)', 'foobaz' ~ 'foo(?!bar)', 'foobar' ~ '(?<=foo)bar', 'foobar' ~ '(?<!x)bar', 'abc' ~ 'a(?:b)c', 'a{b' ~ 'a\{b', 'aab' ~ 'a{2}b', 'ab' ~ 'a{0,1}b', 'a\b' ~ 'a\\b'
SELECT 'a' ~ '('
SELECT 'a' ~ '['
SELECT 'a' ~ '*a'
SELECT 'a' ~ 'a**'
SELECT 'a' ~ 'a{2,1}'
SELECT 'a' ~ '\'
SELECT 'a' ~ '[b-a]'
SELECT 'a' ~ '[[:nosuch:]]'
SELECT 'a' ~ '(a)\2'
SELECT 'a' ~ '(?z)a'
SELECT regexp_replace('foobarbaz', 'b..', 'X'), regexp_replace('foobarbaz', 'b..', 'X', 'g'), regexp_replace('foobarbaz', 'b(..)', 'X\1Y', 'g'), regexp_replace('abc', '(b)', '[\&]'), regexp_replace('abc', 'B', 'x', 'i'), regexp_replace('abc', 'x', 'y'), regexp_replace('abc', '', '-', 'g'), regexp_replace('abc', 'b', '\\'), regexp_replace('a.b.c', '\.', '', 'g'), regexp_replace('hello', 'l+', 'L'), regexp_replace(NULL, 'a', 'b')
SELECT regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 0, 'i'), regexp_replace('A PostgreSQL function', 'a|e|i|o|u', 'X', 1, 3, 'i'), regexp_replace('aaaa', 'a', 'b', 2), regexp_replace('aaaa', 'a', 'b', 2, 2)
SELECT regexp_replace('a', 'a', 'b', 'z')
SELECT regexp_replace('a', 'a', 'b', '1')
SELECT regexp_match('foobarbequebaz', '(bar)(beque)'), regexp_match('foobarbequebaz', 'bar.*que'), regexp_match('abc', 'x'), regexp_match('abc', '(x)?b'), regexp_match('ABC', 'b', 'i'), regexp_match('foobar', 'o+'), regexp_match('aXbXc', 'a.*X'), regexp_match('aXbXc', 'a.*?X'), (regexp_match('abc', 'b'))[1]
SELECT regexp_match('abc', 'b', 'g')
SELECT regexp_matches('foobarbequebazilbarfbonk', '(b[^b]+)(b[^b]+)', 'g')
SELECT regexp_matches('foobarbequebaz', 'ba.', 'g')
SELECT regexp_matches('abc', 'x')
SELECT m[1] FROM regexp_matches('a1b2', '([a-z])(\d)', 'g') AS m
SELECT regexp_split_to_array('hello world  x', '\s+'), regexp_split_to_array('the quick', '\s*'), regexp_split_to_array('a,b', ','), regexp_split_to_array('abc', 'x'), regexp_split_to_array('', 'x'), regexp_split_to_array(',a,', ',')
SELECT foo FROM regexp_split_to_table('the quick brown', '\s+') AS foo
SELECT regexp_split_to_table('a1b2c', '\d')
SELECT regexp_count('ABCABCAXYaxy', 'A.'), regexp_count('ABCABCAXYaxy', 'A.', 1, 'i'), regexp_instr('ABCDEF', 'c(.)(..)', 1, 1, 0, 'i'), regexp_instr('ABCDEF', 'c(.)(..)', 1, 1, 0, 'i', 2), regexp_instr('abcabc', 'b', 1, 2), regexp_instr('abc', 'x'), regexp_instr('abc', 'b', 1, 1, 1)
SELECT regexp_substr('ABCDEF', 'c(.)(..)', 1, 1, 'i'), regexp_substr('ABCDEF', 'c(.)(..)', 1, 1, 'i', 2), regexp_substr('abc', 'x'), regexp_like('Hello World', 'world$', 'i'), regexp_like('abc', 'B'), regexp_like('a', NULL)
SELECT regexp_count('abc', 'b', 0)
SELECT regexp_match('xabcab', 'ab|abc'), regexp_match('abc', '(a|ab)(c|bcd)?'), regexp_match('xyzabc', '(a|ab)(bc|c)'), regexp_match('foobar', '(o*)(o)'), regexp_match('XY1234Z', 'Y*([0-9]{1,3})'), regexp_match('XY1234Z', 'Y*?([0-9]{1,3})'), regexp_match('abc01234xyz', '(?:(.*?)(\d+)(.*)){1,1}'), regexp_match('abc01234xyz', '(.*)(\d+)(.*)'), regexp_match('abc01234xyz', '(.*?)(\d+)(.*)')
SELECT regexp_match('2024-01-02 ERROR [db] took 15 ms', '^(\S+) (\w+) \[(\w+)\] .* (\d+) ms$'), regexp_replace('user=alice id=42', '(\w+)=(\w+)', '\2:\1', 'g'), regexp_match('aaa', 'a{2}'), regexp_match('aaa', 'a{2,}?'), regexp_match('((x))', '\(\(x\)\)'), regexp_match('a' || chr(10) || 'b', 'a$', 'n'), regexp_match('foo', 'F O O', 'ix')

-- to_char of numbers, to_number.
SELECT to_char(1234.5, '9999.99'), to_char(1234.5, '99999999.99'), to_char(-1234.5, '9999.99'), to_char(1234.5, 'FM9999.99'), to_char(0.1, '9.99'), to_char(0.1, '0.99'), to_char(0.1, 'FM9.99'), to_char(12, '0000'), to_char(12, 'FM000'), to_char(1234567, '9,999,999'), to_char(148.5, 'FM999.990')
SELECT to_char(485, '999'), to_char(-485, '999'), to_char(485, '9 9 9'), to_char(1485, '9,999'), to_char(1485, '9G999'), to_char(148.5, '999.999'), to_char(148.5, 'FM999.999'), to_char(3148.5, '9G999D999'), to_char(-485, '999S'), to_char(-485, '999MI'), to_char(485, '999MI'), to_char(485, 'FM999MI'), to_char(485, 'PL999'), to_char(485, 'SG999'), to_char(-485, 'SG999'), to_char(-485, '9SG99'), to_char(-485, '999PR'), to_char(485, '999PR'), to_char(485, 'L999'), to_char(485, 'RN'), to_char(485, 'FMRN'), to_char(5.2, 'FMRN'), to_char(482, '999th'), to_char(485, '"Good number:"999'), to_char(485.8, '"Pre:"999" Post:" .999')
SELECT to_char(12, '99V999'), to_char(12.4, '99V999'), to_char(12.45, '99V9'), to_char(0.0004859, '9.99EEEE'), to_char(-12345.678, '9.999EEEE'), to_char(0, '9.9EEEE'), to_char(0, '999'), to_char(0, 'FM999'), to_char(0, '0'), to_char(0.5, '9'), to_char(-0.1, '99.99'), to_char(-0.001, '9.99'), to_char(1234, '999'), to_char(1234.567, '999.9'), to_char(4000, 'RN'), to_char(-1, 'RN'), to_char(3999, 'rn')
SELECT to_char(1::bigint, '9'), to_char(1.5::float8, '9.9'), to_char(1.25::float4, '9.99'), to_char('NaN'::float8, '9.9'), to_char('Infinity'::float8, '9.9'), to_char(1e10::float8, '9.9EEEE'), to_char(123456789::float8, '999,999,999.99'), to_char(NULL::int, '9'), to_char(1, ''), to_char(-1, 'S9'), to_char(1, 'S9'), to_char(1, '9S'), to_char(1, 'MI9'), to_char(-1, 'MI9'), to_char(-1.5, 'FM9.9PR'), to_char(100, '$999'), to_char(100, 'FM$999.00'), to_char(0.75 * 100, 'FM990.0"%"'), to_char(1e6::numeric, 'FM9,999,999')
SELECT to_char(1234.1234, '9,999.999 "units" S'), to_char(12345.67, 'B99999'), to_char(-5, '00'), to_char(-5, 'S00'), to_char(5, 'S00MI')
SELECT to_number('12,454.8-', '99G999D9S'), to_number('-1234.5', '9999.99'), to_number('$1,234.56', 'L9,999.99'), to_number('1 234', '9999'), to_number('<564>', '999PR'), to_number('0.00001-', '9.999999S'), to_number('5.01-', 'FM9.999999S'), to_number('  12', '99'), to_number('123456', '999G999'), to_number('123', '9'), to_number('42nd', '99th'), to_number('.5', '9.9'), to_number('-34,338,492', '99G999G999')
SELECT to_number('abc', '999')
SELECT to_number('', '999')

-- Aggregates of strings.
SELECT string_agg(x, ',' ORDER BY x DESC) FROM (VALUES ('b'), ('a'), ('b'), (NULL)) v (x)
SELECT string_agg(DISTINCT x, '-' ORDER BY x) FROM (VALUES ('b'), ('a'), ('b'), (NULL)) v (x)
SELECT string_agg(x, NULL ORDER BY x) FROM (VALUES ('b'), ('a'), ('b'), (NULL)) v (x)
SELECT string_agg(NULL::text, ',') FROM (VALUES ('b'), ('a'), ('b'), (NULL)) v (x)
SELECT array_agg(x ORDER BY x) FROM (VALUES ('b'), ('a'), ('b'), (NULL)) v (x)
SELECT array_agg(DISTINCT x ORDER BY x DESC) FROM (VALUES ('b'), ('a'), ('b'), (NULL)) v (x)
SELECT array_agg(x ORDER BY x NULLS FIRST) FROM (VALUES ('b'), ('a'), ('b'), (NULL)) v (x)
SELECT array_agg(x) FILTER (WHERE false) FROM (VALUES ('b'), ('a'), ('b'), (NULL)) v (x)
SELECT min(x), max(x), count(x), count(DISTINCT x) FROM (VALUES ('b'), ('a'), (NULL)) v (x)

-- Arrays in the place of arguments.
SELECT concat(VARIADIC ARRAY[1, 2, 3]), concat_ws(',', VARIADIC ARRAY['a', NULL, 'b']), concat(VARIADIC NULL::int[]), concat_ws('-', VARIADIC '{}'::text[])
SELECT concat_ws(',', 'x', VARIADIC ARRAY['y'])
SELECT format('%2$s, %1$s', VARIADIC ARRAY['first', 'second']), format('Hello', VARIADIC NULL::int[]), format('%s-%s', VARIADIC ARRAY[1, 2]), num_nulls(VARIADIC ARRAY[1, NULL, 2]), num_nonnulls(VARIADIC '{1,NULL}'::int[]), num_nulls(VARIADIC NULL::text[]), num_nulls(VARIADIC '{}'::int[])
SELECT concat_ws(',', VARIADIC 10)
SELECT format('%s %s', VARIADIC ARRAY['a'])
SELECT regexp_replace('abcabc', 'b', 'X', 1, 2), regexp_replace('abcabc', 'b', 'X', 3), regexp_replace('abcabc', 'B', 'X', 1, 0, 'i')
SELECT regexp_replace('abcabc', 'b', 'X', 1, -1)
SELECT regexp_replace('abcabc', 'b', 'X', 1, -1, 'i')
