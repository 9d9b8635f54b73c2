-- Dates, times, intervals and zones.

-- to_char of moments.
SELECT to_char(timestamp '2024-02-09 03:04:05.678901', 'YYYY-MM-DD HH24:MI:SS.US'), to_char(timestamp '2024-02-09 13:04:05.678901', 'HH12:MI:SS AM MS')
SELECT to_char(timestamp '2024-02-09 13:04:05', 'Day, DD Month YYYY'), to_char(timestamp '2024-02-09 13:04:05', 'FMDay, FMDD FMMonth YYYY'), to_char(timestamp '2024-02-09', 'DAY day Dy DY dy MONTH month Mon MON mon')
SELECT to_char(timestamp '2024-02-09 13:04:05', 'D ID DDD IDDD J Q W WW IW CC'), to_char(timestamp '2024-12-30', 'IYYY IYY IY I IW IDDD'), to_char(date '2024-02-29', 'Y,YYY YYYY YYY YY Y')
SELECT to_char(timestamp '2024-02-09 13:04:05', 'DDth DDTH FMDDth "day" YYYYth'), to_char(timestamp '2024-02-01', 'DDth FMDDth'), to_char(timestamp '2024-02-02', 'DDth'), to_char(timestamp '2024-02-03', 'DDth'), to_char(timestamp '2024-02-11', 'DDth'), to_char(timestamp '2024-02-21', 'FMDDTH')
SELECT to_char(timestamp '2024-02-09 13:04:05', 'RM rm FMRM FMrm'), to_char(timestamp '2024-02-09 00:04:05', 'HH HH12 HH24 SSSS SSSSS'), to_char(timestamp '2024-02-09 00:04:05', 'a.m. A.M. am PM p.m. P.M.')
SELECT to_char(timestamp '2024-02-09 13:04:05.120000', 'FF1 FF2 FF3 FF4 FF5 FF6 MS US'), to_char(timestamp '0044-03-15 BC', 'YYYY BC B.C. bc b.c. AD a.d.'), to_char(timestamp '2024-01-01', 'BC AD A.D. b.c.')
SELECT to_char(timestamptz '2024-07-09 13:04:05+00', 'TZ tz OF TZH:TZM'), to_char(timestamp '2024-07-09 13:04:05', 'TZ|tz|OF')
SELECT to_char(timestamp '2024-07-09 13:04:05', '"YYYY" YYYY \"x\" "a\"b"'), to_char(timestamp '2024-07-09 13:04:05', 'FXYYYY-MM-DD'), to_char(timestamp '2024-07-09', 'TMDay TMMonth TMMon TMDy'), to_char(timestamp '2024-07-09', 'zebra XYZ'), to_char(timestamp '2024-07-09', '')
SELECT to_char(timestamp 'infinity', 'YYYY'), to_char(NULL::timestamp, 'YYYY'), to_char(timestamp '2024-07-09', NULL), to_char(date '2024-07-09', 'YYYYMMDD')
SELECT to_char(timestamp '2024-07-09 13:04:05', 'YYYYMMDDHH24MISS'), to_char(timestamp '2024-07-09 13:04:05', 'YYYY"Y"MM"M"'), to_char(timestamp '0999-07-09', 'YYYY FMYYYY'), to_char(timestamp '12024-07-09', 'YYYY YYY Y,YYY'), to_char(timestamp '2024-01-09', 'FMMM/FMDD/YY')
SELECT to_char(interval '15h 2m 12s', 'HH24:MI:SS'), to_char(interval '1 year 2 mons 3 days 4:05:06.789', 'YYYY MM DD HH24 MI SS MS US'), to_char(interval '100 hours', 'HH24 HH HH12'), to_char(interval '-1 day -2:03:04', 'DD HH24:MI:SS')
SELECT to_char(interval '1 day', 'Day')
SELECT to_char(interval '1 year 3 mons', 'YYYY-MM Q RM CC'), to_char(interval '36:00', 'SSSS')
SELECT to_char(time '13:04:05', 'HH12:MI PM')

-- to_timestamp and to_date.
SELECT to_timestamp('2024-02-09 13:04:05', 'YYYY-MM-DD HH24:MI:SS'), to_timestamp('09 Feb 2024', 'DD Mon YYYY'), to_timestamp('05 December 2000', 'DD Month YYYY')
SELECT to_date('20240209', 'YYYYMMDD'), to_date('09/02/24', 'DD/MM/YY'), to_date('2024-100', 'YYYY-DDD'), to_date('2024-06-3', 'IYYY-IW-ID'), to_date('2460350', 'J'), to_date('1 4 1902', 'Q MM YYYY')
SELECT to_timestamp('2011-12-18 11:38 PM', 'YYYY-MM-DD HH12:MI PM'), to_timestamp('2011-12-18 11:38 a.m.', 'YYYY-MM-DD HH12:MI A.M.'), to_timestamp('15:30', 'HH24:MI')
SELECT to_timestamp('2011-12-18 11:38 -05', 'YYYY-MM-DD HH12:MI TZH'), to_timestamp('2011-12-18 11:38 +05:20', 'YYYY-MM-DD HH12:MI TZH:TZM')
SELECT to_timestamp('12:34:56.789', 'HH24:MI:SS.MS'), to_timestamp('0.5', 'SS.MS'), to_timestamp('2024 123456', 'YYYY US'), to_timestamp('1.123', 'SS.FF3'), to_timestamp('86399', 'SSSS')
SELECT to_date('44-02-01 BC', 'YYYY-MM-DD BC'), to_date('-44-02-01', 'YYYY-MM-DD'), to_date('1,000-01-01', 'Y,YYY-MM-DD'), to_date('95-01-01', 'YY-MM-DD'), to_date('69-01-01', 'YY-MM-DD'), to_date('70-01-01', 'YY-MM-DD'), to_date('995-01-01', 'YYY-MM-DD'), to_date('5-01-01', 'Y-MM-DD')
SELECT to_date('21 V 2020', 'DD RM YYYY'), to_date('Monday 5 jan 2020', 'Day DD mon YYYY'), to_date('3rd Jan 2020', 'DDth Mon YYYY'), to_date('2020 366', 'YYYY DDD'), to_date('20 1999', 'CC YYYY'), to_date('2020-5', 'YYYY-WW'), to_date('2020-2-3', 'YYYY-MM-W')
SELECT to_timestamp(0), to_timestamp(1284352323.5), to_timestamp(-1.5), to_timestamp('Infinity'::float8)
SELECT to_timestamp('NaN'::float8)
SELECT to_timestamp('2024-13-01', 'YYYY-MM-DD')
SELECT to_timestamp('2024-02-30', 'YYYY-MM-DD')
SELECT to_timestamp('x2024', 'YYYY')
SELECT to_timestamp('2024 Foo', 'YYYY Mon')
SELECT to_timestamp('13:00', 'HH12:MI')
SELECT to_timestamp('25:00', 'HH24:MI')
SELECT to_date('2024-01', 'YYYY-IW')
SELECT to_date('2011 12  18', 'YYYY MM DD'), to_date('2011x12x18', 'YYYYxMMxDD'), to_timestamp('2000    JUN', 'YYYY MON'), to_date('2011 12 18', 'YYYY  MM   DD'), to_date('  2020-01-02', 'YYYY-MM-DD')
SELECT to_timestamp('2000    JUN', 'FXYYYY MON')
SELECT to_timestamp('97/2/16 8:14:30', 'FMYYYY/FMMM/FMDD FMHH:FMMI:FMSS'), to_timestamp('2011$03!18 23_38_15', 'YYYY-MM-DD HH24:MI:SS'), to_timestamp('1985 January 12', 'YYYY FMMonth DD'), to_timestamp('0097/Feb/16 --> 08:14:30', 'YYYY/Mon/DD --> HH:MI:SS')
SELECT to_timestamp('My birthday-> Year: 1976, Month: May, Day: 16', '"My birthday-> Year:" YYYY, "Month:" FMMonth, "Day:" DD')
SELECT to_date('', 'YYYY'), to_date(NULL, 'YYYY'), to_timestamp('', '')
SELECT to_date('2020-01-01', 'YYYY-MM-DD') = date '2020-01-01', to_timestamp('2020', 'YYYY') = timestamptz '2020-01-01 00:00+00'
SELECT to_timestamp('2020-01-01 AM 13', 'YYYY-MM-DD AM HH12')
SELECT to_timestamp('199711)16', 'YYYYMM)DD'), to_timestamp('19971116', 'YYYYMMDD'), to_timestamp('20000-1116', 'YYYY-MMDD'), to_timestamp('1997 AD 11 16', 'YYYY BC MM DD'), to_timestamp('9-1116', 'Y-MMDD'), to_timestamp('005527', 'IYYYIW')
SELECT to_date('1 2 3', 'YYYY MM DD HH24'), to_date('4714-11-24 BC', 'YYYY-MM-DD BC')

-- date_trunc, date_bin.
SELECT date_trunc('century', timestamp '2024-02-09'), date_trunc('millennium', timestamp '2024-02-09'), date_trunc('decade', timestamp '2024-02-09 01:02:03'), date_trunc('milliseconds', timestamp '2024-02-09 01:02:03.456789')
SELECT date_trunc('day', timestamptz '2024-03-31 12:00+00', 'Europe/Berlin'), date_trunc('hour', timestamptz '2024-02-09 01:32+00', 'Asia/Kolkata'), date_trunc('day', timestamp 'infinity')
SELECT date_trunc('week', interval '8 days')
SELECT date_trunc('day', date '2024-02-09'), date_trunc('DAY', timestamp '2024-02-09 05:00'), date_trunc(NULL, timestamp '2024-02-09'), date_trunc('day', NULL::timestamp)
SELECT date_trunc('day', time '12:34:56')
SELECT date_trunc('month', interval '1 year 5 mons 7 days'), date_trunc('quarter', interval '1 year 5 mons'), date_trunc('minute', interval '-1:02:03')
SELECT date_trunc('dow', timestamp '2024-02-09')
SELECT date_bin('15 minutes', timestamp '2020-02-11 15:44:17', timestamp '2001-01-01'), date_bin('15 minutes', timestamp '2020-02-11 15:44:17', timestamp '2001-01-01 00:02:30'), date_bin('5 min', timestamptz '1999-12-31 23:59:59+00', timestamptz '2000-01-01+00')
SELECT date_bin('1 day', timestamp '2020-02-11 15:44:17', timestamp '2001-01-01 06:00'), date_bin('2 hours', NULL::timestamp, timestamp '2001-01-01')
SELECT date_bin('1 month', timestamp '2020-02-11', timestamp '2001-01-01')
SELECT date_bin('0 days', timestamp '2020-02-11', timestamp '2001-01-01')
SELECT date_bin('-1 day', timestamp '2020-02-11', timestamp '2001-01-01')

-- age, justify, make.
SELECT age(timestamp '2024-03-31', timestamp '2024-02-29'), age(timestamp '2024-02-29', timestamp '2024-03-31'), age(timestamp '2024-01-31 12:00', timestamp '2023-12-31 13:00'), age(timestamptz '2024-03-31+00', timestamptz '2020-02-29 12:00+00')
SELECT age(current_date), age(current_date::timestamp), age(NULL::timestamp)
SELECT justify_days(interval '35 days'), justify_hours(interval '27 hours'), justify_interval(interval '1 mon -1 hour'), justify_days(interval '-35 days'), justify_hours(interval '-27 hours'), justify_interval(interval '65 days 50 hours'), justify_interval(NULL)
SELECT make_date(2013, 7, 15), make_date(-44, 3, 15), make_time(8, 15, 23.5), make_timestamp(2013, 7, 15, 8, 15, 23.5), make_timestamptz(2013, 7, 15, 8, 15, 23.5), make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'Europe/Berlin')
SELECT make_date(2013, 2, 30)
SELECT make_date(0, 1, 1)
SELECT make_time(24, 0, 0.1)
SELECT make_time(25, 0, 0)
SELECT make_timestamp(2013, 13, 15, 8, 15, 23.5)
SELECT make_interval(), make_interval(1), make_interval(1, 2, 3, 4, 5, 6, 7.5), make_interval(days => 10), make_interval(years := 1, secs := 1.5), make_interval(hours => 5, mins => -1)
SELECT make_timestamptz(2013, 7, 15, 8, 15, 23.5, 'Nowhere')
SELECT isfinite(date '2024-01-01'), isfinite(timestamp 'infinity'), isfinite(timestamptz '-infinity'), isfinite(interval '1 day'), isfinite(NULL::date)

-- extract.
SELECT extract(microseconds from timestamp '2024-02-09 01:02:03.456789'), extract(milliseconds from timestamp '2024-02-09 01:02:03.456789'), extract(second from timestamp '2024-02-09 01:02:03.4'), extract(epoch from timestamp '2024-02-09 01:02:03.4')
SELECT extract(millennium from date '2001-01-01'), extract(century from date '0001-01-01 BC'), extract(year from date '0044-03-15 BC')
SELECT extract(hour from time '13:14:15.5'), extract(second from time '13:14:15.5'), extract(epoch from time '13:14:15.5'), extract(minute from interval '1:02:03'), extract(second from interval '1:02:03.5'), extract(epoch from interval '1 year 1 mon 1 day 1.5 sec')
SELECT extract(timezone from timestamptz '2024-02-09 01:02:03+00'), extract(timezone_hour from timestamptz '2024-02-09 01:02:03+00'), extract(timezone_minute from timestamptz '2024-02-09+00')
SELECT extract(timezone from timestamp '2024-02-09')
SELECT extract(day from time '12:00')
SELECT extract(week from interval '1 day')
SELECT extract(day from timestamp 'infinity'), extract(isoyear from date '2024-12-30'), extract(isodow from timestamp '2024-02-11'), extract(dow from timestamp '2024-02-11')
SELECT extract(nosuch from timestamp '2024-02-09')
SELECT date_part('second', timestamp '2024-02-09 01:02:03.456'), date_part('epoch', interval '1.5 sec'), date_part('hour', time '13:14'), date_part('hour', date '2024-02-09')
SELECT extract('year' from date '2024-02-09'), extract(YEAR from date '2024-02-09'), extract(decade from interval '25 years'), extract(quarter from interval '7 months')

-- Zones.
SELECT timestamp '2024-07-01 12:00' AT TIME ZONE 'America/New_York', timestamptz '2024-07-01 12:00+00' AT TIME ZONE 'America/New_York', timestamptz '2024-07-01 12:00+00' AT TIME ZONE 'EST', timestamp '2024-07-01 12:00' AT TIME ZONE 'UTC+3'
SELECT timestamp '2024-07-01 12:00' AT TIME ZONE interval '-05:00', timestamptz '2024-07-01 12:00+00' AT TIME ZONE interval '05:30', timestamptz '2024-07-01 12:00+00' AT TIME ZONE '+02'
SELECT timestamptz '2024-07-01 12:00+00' AT TIME ZONE interval '1 day'
SELECT timestamp '2024-03-31 02:30' AT TIME ZONE 'Europe/Berlin', timestamp '2024-10-27 02:30' AT TIME ZONE 'Europe/Berlin', (timestamptz '2024-07-01 12:00+00' AT TIME ZONE 'Europe/Berlin') AT TIME ZONE 'America/New_York'
SELECT timezone('Europe/Berlin', timestamp '2024-07-01 12:00'), timezone(interval '1 hour', timestamp '2024-07-01 12:00'), timestamp '2024-07-01 12:00' AT TIME ZONE 'CEST', timestamp 'infinity' AT TIME ZONE 'UTC'
SELECT timestamp '2024-07-01 12:00' AT TIME ZONE NULL

-- The clock.
SELECT now() = statement_timestamp() OR now() < statement_timestamp(), clock_timestamp() >= now(), localtimestamp = now()::timestamp, localtime = now()::time, length(timeofday()) > 20
SELECT current_date = now()::date, current_timestamp(0) - now() < interval '1 second', localtimestamp(3) IS NOT NULL

-- OVERLAPS.
SELECT (date '2001-02-16', date '2001-12-21') OVERLAPS (date '2001-10-30', date '2002-10-30'), (date '2001-02-16', interval '100 days') OVERLAPS (date '2001-10-30', date '2002-10-30'), (date '2001-10-29', date '2001-10-30') OVERLAPS (date '2001-10-30', date '2001-10-31'), (date '2001-10-30', date '2001-10-30') OVERLAPS (date '2001-10-30', date '2001-10-31')
SELECT overlaps(timestamp '2001-02-16', timestamp '2001-12-21', timestamp '2001-10-30', NULL), overlaps(time '10:00', time '12:00', time '11:00', time '13:00')

-- Arithmetic.
SELECT timestamp '2024-01-31 10:00' + interval '1 month', timestamp '2024-03-31' - interval '1 month', interval '1 day' * 2.5, interval '1 month' / 2, 3 * interval '1:30', interval '1 day' + interval '2:00', -interval '1 day 2:00', interval '1 mon' * 1.5
SELECT time '10:00' + interval '3:30', time '01:00' - interval '2:00', time '12:00' - time '10:30', date '2024-01-01' + time '10:30', interval '2:00' + time '23:00', time '10:30' + date '2024-01-01'
SELECT interval '1 day' / 0
SELECT interval '1 day' > interval '23 hours'
SELECT date '2024-01-01' < timestamp '2024-01-01 00:00:01', timestamptz '2024-01-01+00' = date '2024-01-01', date '2024-03-01' - 1, date '2024-03-01' - interval '1 day', date '2024-03-01' - date '2023-03-01'
SELECT sum(i) FROM (VALUES (interval '1 mon'), (interval '2 hours'), (interval '3 days')) v (i)
SELECT max(t), min(t), max(d), count(DISTINCT d) FROM (VALUES (time '10:00', date '2024-01-01'), (time '09:00', date '2024-01-01')) v (t, d)

-- generate_series.
SELECT * FROM generate_series(timestamp '2024-01-01', timestamp '2024-01-03', interval '12 hours')
SELECT * FROM generate_series(timestamptz '2024-01-31+00', timestamptz '2024-05-01+00', '1 month')
SELECT d::date FROM generate_series('2024-01-01'::date, '2024-01-03'::date, '1 day') AS d
SELECT t FROM generate_series(timestamp '2024-01-03', timestamp '2024-01-01', interval '-1 day') t
SELECT count(*) FROM generate_series(timestamp '2024-01-01', timestamp '2024-12-31', interval '1 day') g(x) WHERE extract(isodow from x) = 1
SELECT * FROM generate_series(timestamp '2024-01-01', timestamp '2024-01-03', interval '0')
SELECT * FROM generate_series(1, 10, 3) AS s(n), generate_series(5, 1, -2) AS u ORDER BY 1, 2
SELECT * FROM generate_series(1.5, 3, 0.5) x
SELECT * FROM generate_series(3, 1)
SELECT * FROM generate_series(1, 3, 0)
SELECT generate_series(1, 3)
SELECT n, n * 2 FROM generate_series(1, 3) AS t(n)
SELECT generate_series FROM generate_series(1::bigint, 2)

-- Dates and moments by the session's clock.
SET TimeZone = 'Asia/Tokyo'
SELECT date '2024-01-01'::timestamptz, timestamp '2024-01-01 00:00'::timestamptz, (timestamptz '2024-01-01 20:00+00')::date, (timestamptz '2024-01-01 20:00+00')::timestamp, (timestamptz '2024-01-01 20:00+00')::time, timestamp '2024-01-01 20:00'::date, timestamp '2024-01-01 20:00'::time, date '2024-01-01'::timestamp
SELECT d::timestamptz, t::date, t::time, s::timestamptz, t::timestamp, s::date, s::time, d::timestamp FROM (VALUES (date '2024-01-01', timestamptz '2024-01-01 20:00+00', timestamp '2024-01-01 10:00'), ('infinity', 'infinity', 'infinity'), ('-infinity', '-infinity', '-infinity'), (NULL, NULL, NULL), ('0044-03-15 BC', '0044-03-15 BC', '0044-03-15 BC')) v (d, t, s)
SELECT d = t, d < t, d >= s, s = t, s <> t, d BETWEEN t AND t, t BETWEEN d AND d + 1, t IN (d, s), d IN (t), d IS DISTINCT FROM t, coalesce(d, t), CASE WHEN true THEN d ELSE t END FROM (VALUES (date '2024-01-02', timestamptz '2024-01-01 15:00+00', timestamp '2024-01-02 00:00')) v (d, t, s)
SELECT count(*) FROM generate_series(timestamptz '2024-01-01 00:00+00', '2024-01-03', '1 hour') g (t) WHERE t >= date '2024-01-02' AND t < timestamp '2024-01-03 00:00'
SELECT t::date, count(*) FROM generate_series(timestamptz '2024-01-01 00:00+00', '2024-01-03', '1 hour') g (t) GROUP BY 1 ORDER BY 1
SELECT date '9999-12-31' > now(), date '9999-12-31' > timestamp '2020-01-01', timestamptz '9999-12-31 00:00+00' > date '9999-12-30', date 'infinity' > now(), date '5874897-12-31' > date '2024-01-01'
SELECT date '5874897-12-31' > now()
SELECT date '5874897-12-31'::timestamp
SELECT a.d FROM (VALUES (date '2024-01-02')) a (d) JOIN (VALUES (timestamptz '2024-01-01 15:00+00')) b (t) ON a.d = b.t
SELECT d FROM (VALUES (date '2024-01-02')) a (d) UNION ALL SELECT timestamptz '2024-01-01 15:00+00'
SET TimeZone = 'America/New_York'
SELECT timestamp '2024-03-10 02:30'::timestamptz, timestamp '2024-11-03 01:30'::timestamptz, date '2024-03-10'::timestamptz, date '2024-03-11'::timestamptz, (timestamptz '2024-03-10 07:00+00')::timestamp, (timestamptz '2024-11-03 06:30+00')::time
RESET TimeZone

-- By the clock of a zone with summer time.
SET TimeZone = 'America/New_York'
SELECT timestamptz '2024-03-09 12:00-05' + interval '1 day', timestamptz '2024-03-09 12:00-05' + interval '24 hours', interval '1 day' + timestamptz '2024-11-02 12:00-04', timestamptz '2024-11-03 12:00-05' - interval '1 day', timestamptz '2024-01-31 22:00-05' + interval '1 month'
SELECT t + interval '1 day', t - interval '1 month', t + i FROM (VALUES (timestamptz '2024-03-09 12:00-05', interval '1 day 1 hour'), ('2024-11-02 01:30-04', '1 mon'), ('infinity', '1 day')) v (t, i)
SELECT date_trunc('day', t), date_trunc('month', t), date_trunc('hour', t), date_trunc('week', t), date_trunc('day', t, 'UTC') FROM (VALUES (timestamptz '2024-03-10 03:00+00'), ('2024-11-03 05:30+00')) v (t)
SELECT extract(hour FROM t), extract(day FROM t), extract(epoch FROM t), extract(timezone FROM t), date_part('dow', t), extract(isoyear FROM t) FROM (VALUES (timestamptz '2024-03-10 03:00+00'), ('2024-01-01 03:00+00')) v (t)
SELECT to_char(t, 'YYYY-MM-DD HH24:MI:SS TZ OF'), to_char(t, 'Dy DD Mon') FROM (VALUES (timestamptz '2024-03-10 03:00+00'), ('2024-07-01 03:00+00')) v (t)
SELECT g FROM generate_series(timestamptz '2024-03-09 12:00-05', '2024-03-11 12:00-04', '1 day') g
SELECT g FROM generate_series(timestamptz '2024-11-02 12:00-04', '2024-11-04 12:00-05', '12 hours') g
SELECT age(timestamptz '2024-03-11 00:00-04', timestamptz '2024-03-09 00:00-05'), timestamptz '2024-03-11 00:00-04' - timestamptz '2024-03-09 00:00-05'
SELECT to_timestamp(1710054000), to_timestamp('2024-03-10 01:30', 'YYYY-MM-DD HH24:MI'), make_timestamptz(2024, 3, 10, 3, 30, 0), make_timestamptz(2024, 3, 10, 3, 30, 0, 'UTC')
SELECT date_bin('1 day', timestamptz '2024-03-10 12:00-04', timestamptz '2024-03-01 00:00-05'), date_bin('15 minutes', timestamptz '2024-03-10 12:07-04', timestamptz '2001-01-01')
SELECT timestamptz '2024-03-10 12:00-04' AT TIME ZONE 'UTC', timestamp '2024-03-10 12:00' AT TIME ZONE 'UTC', timestamp '2024-03-10 12:00' AT TIME ZONE 'Asia/Tokyo'
SELECT date '2024-03-10' + interval '1 day', date '2024-03-10' + time '01:00', date '2024-03-10' - 1, now()::date = current_date, localtimestamp::date = current_date
SELECT (timestamptz '2024-03-10 03:00+00')::text, (timestamptz '2024-03-10 03:00+00')::date::text, to_jsonb(timestamptz '2024-03-10 03:00+00'), to_json(date '2024-03-10'), jsonb_build_object('t', timestamptz '2024-07-10 03:00+00'), ARRAY[timestamptz '2024-03-10 03:00+00']::text, format('%s', timestamptz '2024-03-10 03:00+00'), concat(timestamptz '2024-03-10 03:00+00', '|')
SELECT min(t), max(t), array_agg(t), string_agg(t::text, ',') FROM (VALUES (timestamptz '2024-03-10 03:00+00'), ('2024-07-01 03:00+00')) v (t)
SELECT count(*) FILTER (WHERE t >= '2024-03-10'), count(*) FILTER (WHERE t::date = '2024-03-09') FROM (VALUES (timestamptz '2024-03-10 03:00+00'), ('2024-03-10 06:00+00')) v (t)
SELECT '2024-03-10 03:00'::timestamptz, '2024-03-10'::timestamptz, '2024-03-10 02:30'::timestamptz, 'today'::timestamptz = current_date, timestamptz 'epoch'
SELECT t::timestamp::date, t::time, (t AT TIME ZONE 'UTC')::date, date(t) FROM (VALUES (timestamptz '2024-03-10 03:00+00')) v (t)
SELECT date_part('hour', timestamp '2024-03-10 12:00'), isfinite(timestamptz 'infinity'), timestamptz 'infinity' > now(), greatest(timestamptz '2024-03-10 03:00+00', date '2024-03-11')
SELECT (timestamptz '2024-03-10 03:00+00', timestamptz '2024-03-11 03:00+00') OVERLAPS (date '2024-03-10', interval '1 day')
SELECT t, lag(t) OVER (ORDER BY t), t - lag(t) OVER (ORDER BY t) FROM (VALUES (timestamptz '2024-03-10 03:00+00'), ('2024-03-11 03:00+00')) v (t) ORDER BY t
SELECT width_bucket(extract(epoch FROM timestamptz '2024-03-10 03:00+00'), 0, 2e9, 10), extract(week FROM date '2024-12-30'), extract(century FROM date '2001-01-01'), extract(julian FROM date '2024-01-01')
RESET TimeZone
SELECT * FROM (VALUES (true), ('f'), (NULL)) v (b)
SELECT i FROM (VALUES (ARRAY[1]), ('{2}')) v (i)
SELECT date('2024-01-02'), date(timestamp '2024-01-02 10:00'), int4(2.7), float8(3), text(5), text(true), bool(1), int8('12'), oid(5), uuid('00000000-0000-0000-0000-000000000001'), timestamptz(date '2024-01-01') IS NOT NULL, name('x'), pg_catalog.date(timestamp '2024-01-02 10:00'), jsonb('{"a":1}')
SELECT extract(julian FROM date '2024-01-01'), extract(julian FROM date '4713-01-01 BC')
SELECT * FROM (VALUES (interval '1 day'), ('1 mon')) v (i)

-- Parts of infinity and of Julian days, in floating point.
SELECT date_part('year', 'infinity'::timestamp), date_part('epoch', '-infinity'::timestamptz), date_part('hour', 'infinity'::timestamp), date_part('century', 'infinity'::date), date_part('isoyear', '-infinity'::timestamp), date_part('dow', '-infinity'::date)
SELECT date_part('julian', timestamp '2024-02-09 06:00'), date_part('julian', date '2024-02-09'), date_part('julian', timestamptz '2024-02-09 18:00+00'), date_part('isoyear', date '2020-08-11 BC'), extract(isoyear FROM date '0001-06-01 BC')
SELECT date_part('fortnight', 'infinity'::timestamp)
SELECT (time '00:00', interval '1 hour') OVERLAPS (time '00:30', interval '1 hour'), (time '00:00', interval '1 hour') OVERLAPS (time '01:30', interval '1 day'), (time '01:00', time '02:00') OVERLAPS (time '01:30', interval '5 min')
-- Zones that say their own rules.
SELECT timestamp '2005-04-03 12:00' AT TIME ZONE 'CST7CDT,M4.1.0,M10.5.0', timestamp '2005-04-02 12:00' AT TIME ZONE 'CST7CDT,M4.1.0,M10.5.0', timestamptz '2005-10-30 07:30+00' AT TIME ZONE 'CST7CDT,M4.1.0,M10.5.0', timestamptz '2005-10-30 08:30+00' AT TIME ZONE 'CST7CDT,M4.1.0/2,M10.5.0/02:00:00'
SELECT timestamptz '2006-04-01 12:00+00' AT TIME ZONE 'FOO8BAR', timestamptz '2024-01-01 00:00+00' AT TIME ZONE 'NZST-12NZDT,M9.5.0,M4.1.0/3', timestamptz '2024-07-01 00:00+00' AT TIME ZONE '<+1130>-11:30<+12>,J60/0,300/1', timestamptz '2024-07-01 00:00+00' AT TIME ZONE '<+03>-3'
SELECT timestamp '2024-01-01' AT TIME ZONE 'CST7CDT,M4.1.0'
SELECT timestamp '2024-01-01' AT TIME ZONE 'CST7CDT,M13.1.0,M10.5.0'
SELECT timestamp '1001-01-01' AT TIME ZONE 'PST8PDT', timestamp '0099-01-01 BC' AT TIME ZONE 'EST5EDT'
SELECT make_timestamptz(2024, 2, 9, 13, 14, 15.5, '+2'), make_timestamptz(2024, 2, 9, 13, 14, 15.5, '-02:30'), make_timestamptz(2024, 2, 9, 13, 14, 15.5, '+1030'), make_timestamptz(2024, 2, 9, 13, 14, 15.5, '+10:00:30'), make_timestamptz(2024, 2, 9, 13, 14, 15.5, 'PST8PDT,M3.2.0,M11.1.0'), make_timestamptz(2024, 7, 9, 13, 14, 15.5, 'Europe/Berlin')
SELECT make_timestamptz(2024, 2, 9, 13, 14, 15.5, '+16')
SELECT make_timestamptz(2024, 2, 9, 13, 14, 15.5, '2')
SELECT make_timestamptz(2024, 2, 9, 13, 14, 15.5, 'Nowhere/Land')
