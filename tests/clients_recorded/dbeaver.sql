-- What DBeaver 25 asks when it opens a connection and its tree of schemas, tables, columns, constraints, indexes and functions.
-- Source: dbeaver/dbeaver, plugins/org.jkiss.dbeaver.ext.postgresql (PostgreDataSource, PostgreDatabase, PostgreSchema, PostgreDataTypeCache),
-- with the statements of its start as recorded of version 25.1; parameters stand as the values that were bound.

SET extra_float_digits = 3;

SET application_name = 'DBeaver 25.1.5 - Main <annals>';

-- same
SELECT current_schema(),session_user;

SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass
ORDER BY nspname;

-- same
SELECT n.nspname = ANY(current_schemas(true)), n.nspname, t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = 1034;

-- same
SELECT typinput='pg_catalog.array_in'::regproc as is_array, typtype, typname, pg_type.oid   FROM pg_catalog.pg_type   LEFT JOIN (select ns.oid as nspoid, ns.nspname, r.r           from pg_namespace as ns           join ( select s.r, (current_schemas(false))[s.r] as nspname                    from generate_series(1, array_upper(current_schemas(false), 1)) as s(r) ) as r          using ( nspname )        ) as sp     ON sp.nspoid = typnamespace  WHERE pg_type.oid = 1034  ORDER BY sp.r, pg_type.oid DESC;

-- same
SHOW search_path;

SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datname='annals';

SELECT * FROM pg_catalog.pg_settings where name='standard_conforming_strings';

SELECT version();

-- same
SELECT * FROM pg_catalog.pg_enum WHERE 1<>1 LIMIT 1;

-- same
SELECT reltype FROM pg_catalog.pg_class WHERE 1<>1 LIMIT 1;

SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description
FROM pg_catalog.pg_type t
LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem
LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid
WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C');

SELECT a.oid,a.*,pd.description FROM pg_catalog.pg_roles a LEFT JOIN pg_catalog.pg_shdescription pd ON a.oid = pd.objoid ORDER BY a.rolname;

SELECT t.oid,t.* FROM pg_catalog.pg_tablespace t ORDER BY t.oid;

SELECT am.oid,am.* FROM pg_catalog.pg_am am ORDER BY am.oid;

SELECT l.oid,l.* FROM pg_catalog.pg_language l ORDER BY l.oid;

SELECT c.oid,c.* FROM pg_catalog.pg_collation c ORDER BY c.oid;

SELECT e.oid, cfg.tbls, n.nspname as schema_name, e.* FROM pg_catalog.pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace LEFT JOIN (SELECT ARRAY_AGG(ns.nspname || '.' || cls.relname) tbls, oid_ext FROM (SELECT UNNEST(e1.extconfig) oid, e1.oid oid_ext FROM pg_catalog.pg_extension e1) c JOIN pg_class cls ON cls.oid = c.oid JOIN pg_namespace ns ON ns.oid = cls.relnamespace GROUP BY oid_ext) cfg ON cfg.oid_ext = e.oid ORDER BY e.oid;

SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key
FROM pg_catalog.pg_class c
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass
WHERE c.relnamespace='desk'::regnamespace AND c.relkind not in ('i','I','c');

SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid
FROM pg_catalog.pg_attribute a
INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid)
LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum)
LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid)
LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid
WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') AND c.oid='desk.calls'::regclass
ORDER BY a.attnum;

SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, case when c.contype='c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy
FROM pg_catalog.pg_constraint c
INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid
LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass
WHERE c.conrelid='desk.agents'::regclass
ORDER BY c.oid;

SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans
FROM pg_catalog.pg_index i
INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid
INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid
LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid
WHERE i.indrelid='desk.agents'::regclass ORDER BY tabrelname, c.relname;

SELECT p.oid as poid,p.*, pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults,d.description
FROM pg_catalog.pg_proc p
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=p.oid
WHERE p.pronamespace='desk'::regnamespace
ORDER BY p.proname;

-- same
SELECT pg_catalog.pg_get_constraintdef(oid, true) FROM pg_catalog.pg_constraint WHERE conrelid = 'desk.agents'::regclass;

-- same
select c.relname,c.relkind::text from pg_catalog.pg_class c where relnamespace='desk'::regnamespace and relkind <> 'i' order by 1;

select x.indexrelid, pg_catalog.pg_get_indexdef(x.indexrelid) from pg_catalog.pg_index x where x.indrelid='desk.agents'::regclass;

SELECT pg_catalog.pg_total_relation_size('desk.calls'::regclass) as total_rel_size, pg_catalog.pg_relation_size('desk.calls'::regclass) as rel_size;

-- same
SELECT x.* FROM desk.calls x LIMIT 200;

-- A table's other tabs: triggers, rules, policies, privileges, sizes, and what is inherited.
-- same
SELECT x.oid,x.*,p.pronamespace as func_schema_id,d.description
FROM pg_catalog.pg_trigger x
LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid=x.tgfoid
LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=x.oid AND d.objsubid=0
WHERE x.tgrelid='desk.calls'::regclass AND NOT x.tgisinternal;

-- same
SELECT r.oid,r.*,pg_catalog.pg_get_ruledef(r.oid) AS definition FROM pg_catalog.pg_rewrite r WHERE r.ev_class='desk.calls'::regclass AND r.rulename <> '_RETURN'::name;

-- same
SELECT * FROM pg_catalog.pg_policies WHERE schemaname='desk' AND tablename='calls';

-- same
SELECT * FROM information_schema.table_privileges WHERE table_catalog=current_database() AND table_schema='desk' AND table_name='calls' AND grantee=current_user ORDER BY privilege_type;

-- same
SELECT i.*,c.relnamespace FROM pg_catalog.pg_inherits i,pg_catalog.pg_class c WHERE i.inhrelid='desk.calls'::regclass AND c.oid=i.inhparent ORDER BY i.inhseqno;

SELECT c.oid,pg_catalog.pg_total_relation_size(c.oid) as total_rel_size,pg_catalog.pg_relation_size(c.oid) as rel_size FROM pg_catalog.pg_class c WHERE c.relnamespace='desk'::regnamespace AND c.relkind IN ('r','m','p');

-- same
SELECT pg_catalog.pg_get_viewdef('desk.many_tries'::regclass, true);
