-- What DataGrip 2025 asks when it connects and when it introspects one schema.
-- Source: JetBrains' introspector is not public; these are its statements as server logs of users show them (among others
-- datafusion-contrib/datafusion-postgres issue 165 and the tests of other servers that recorded the same). Parameters stand as the
-- values that were bound, the schema's id as desk::regnamespace.

SET extra_float_digits = 3;

SET application_name = 'DataGrip 2025.2.3';

select version();

-- same
select current_database() as a, current_schemas(false) as b;

-- same
select current_database(), current_schema(), current_user;

-- same
SHOW TRANSACTION ISOLATION LEVEL;

select round(extract(epoch from pg_postmaster_start_time() at time zone 'UTC')) as startup_time;

select L.transactionid::varchar::bigint as transaction_id from pg_catalog.pg_locks L where L.transactionid is not null order by pg_catalog.age(L.transactionid) desc limit 1;

select case when pg_catalog.pg_is_in_recovery() then null else (pg_catalog.txid_current() % 4294967296)::varchar::bigint end as current_txid;

select N.oid::bigint as id, datname as name, D.description, datistemplate as is_template, datallowconn as allow_connections, pg_catalog.pg_get_userbyid(N.datdba) as "owner" from pg_catalog.pg_database N left join pg_catalog.pg_shdescription D on N.oid = D.objoid order by case when datname = pg_catalog.current_database() then -1::bigint else N.oid::bigint end;

show DateStyle;

select name, is_dst from pg_catalog.pg_timezone_names union distinct select abbrev as name, is_dst from pg_catalog.pg_timezone_abbrevs;

select R.oid::bigint as role_id, rolname as role_name, rolsuper is_super, rolinherit is_inherit, rolcreaterole can_createrole, rolcreatedb can_createdb, rolcanlogin can_login, rolreplication is_replication, rolconnlimit conn_limit, rolvaliduntil valid_until, rolbypassrls bypass_rls, rolconfig config, D.description from pg_catalog.pg_roles R left join pg_catalog.pg_shdescription D on D.objoid = R.oid;

select member id, roleid role_id, admin_option from pg_catalog.pg_auth_members order by id, roleid::text;

select T.oid::bigint as id, T.spcname as name, T.xmin as state_number, pg_catalog.pg_get_userbyid(T.spcowner) as owner, pg_catalog.pg_tablespace_location(T.oid) as location, T.spcoptions as options, D.description as comment from pg_catalog.pg_tablespace T left join pg_catalog.pg_shdescription D on D.objoid = T.oid;

select T.oid as object_id, T.spcacl as acl from pg_catalog.pg_tablespace T union all select T.oid as object_id, T.datacl as acl from pg_catalog.pg_database T;

select N.oid::bigint as id, N.xmin as state_number, nspname as name, D.description, pg_catalog.pg_get_userbyid(N.nspowner) as "owner" from pg_catalog.pg_namespace N left join pg_catalog.pg_description D on N.oid = D.objoid order by case when nspname = pg_catalog.current_schema() then -1::bigint else N.oid::bigint end;

-- same
select usesuper from pg_user where usename = current_user;

-- same
select t.oid as id, t.xmin as state_number, t.evtname as name, t.evtevent as event, t.evtfoid as routine_id, pg_catalog.pg_get_userbyid(t.evtowner) as owner, t.evttags as tags, case when t.evtenabled = 'D' then 1 else 0 end as is_disabled from pg_catalog.pg_event_trigger t;

-- same
select srv.oid as id, srv.srvfdw as fdw_id, srv.xmin as state_number, srv.srvname as name, srv.srvtype as type, srv.srvversion as version, srv.srvoptions as options, pg_catalog.pg_get_userbyid(srv.srvowner) as "owner" from pg_catalog.pg_foreign_server srv;

-- same
select oid as id, umserver as server_id, case when umuser = 0 then null else pg_catalog.pg_get_userbyid(umuser) end as "user", umoptions as options from pg_catalog.pg_user_mapping order by server_id;

select A.oid as access_method_id, A.xmin as state_number, A.amname as access_method_name, A.amhandler::oid as handler_id, pg_catalog.quote_ident(N.nspname) || '.' || pg_catalog.quote_ident(P.proname) as handler_name, A.amtype as access_method_type from pg_am A join pg_proc P on A.amhandler::oid = P.oid join pg_namespace N on P.pronamespace = N.oid;

select l.oid as id, l.xmin state_number, lanname as name, lanpltrusted as trusted, h.proname as handler, hs.nspname as handlerSchema, i.proname as inline, isc.nspname as inlineSchema, v.proname as validator, vs.nspname as validatorSchema from pg_catalog.pg_language l left join pg_catalog.pg_proc h on h.oid = lanplcallfoid left join pg_catalog.pg_namespace hs on hs.oid = h.pronamespace left join pg_catalog.pg_proc i on i.oid = laninline left join pg_catalog.pg_namespace isc on isc.oid = i.pronamespace left join pg_catalog.pg_proc v on v.oid = lanvalidator left join pg_catalog.pg_namespace vs on vs.oid = v.pronamespace order by lanname;

select D.objoid id, case when 'pg_catalog.pg_event_trigger'::regclass = classoid then 'T' when 'pg_catalog.pg_am'::regclass = classoid then 'A' when 'pg_catalog.pg_cast'::regclass = classoid then 'C' when 'pg_catalog.pg_language'::regclass = classoid then 'L' when 'pg_catalog.pg_extension'::regclass = classoid then 'E' end as kind, D.objsubid sub_id, D.description from pg_catalog.pg_description D where classoid in ('pg_catalog.pg_event_trigger'::regclass, 'pg_catalog.pg_am'::regclass, 'pg_catalog.pg_cast'::regclass, 'pg_catalog.pg_language'::regclass, 'pg_catalog.pg_extension'::regclass);

select C.oid, C.xmin as state_number, C.castsource as castsource_id, pg_catalog.quote_ident(SN.nspname) || '.' || pg_catalog.quote_ident(S.typname) as castsource_name, C.casttarget as casttarget_id, pg_catalog.quote_ident(TN.nspname) || '.' || pg_catalog.quote_ident(T.typname) as casttarget_name, C.castfunc as castfunc_id, pg_catalog.quote_ident(FN.nspname) || '.' || pg_catalog.quote_ident(F.proname) as castfunc_name, C.castcontext, C.castmethod from pg_cast C left outer join pg_proc F on C.castfunc::oid = F.oid left outer join pg_namespace FN on F.pronamespace = FN.oid join pg_type S on C.castsource::oid = S.oid join pg_namespace SN on S.typnamespace = SN.oid join pg_type T on C.casttarget::oid = T.oid join pg_namespace TN on T.typnamespace = TN.oid;

select E.oid as extension_id, D.objid as member_id from pg_extension E join pg_depend D on E.oid = D.refobjid and D.refclassid = 'pg_extension'::regclass::oid where D.deptype = 'e' order by extension_id;

select T.oid as oid, relnamespace as schemaId, pg_catalog.translate(relkind, 'rmvpfS', 'rmvrfS') as kind, relname as name from pg_catalog.pg_class T where relnamespace in ( 'desk'::regnamespace ) and relkind in ('r', 'm', 'v', 'p', 'f', 'S') union all select T.oid, T.typnamespace, 'T', T.typname from pg_catalog.pg_type T left outer join pg_catalog.pg_class C on T.typrelid = C.oid where T.typnamespace in ( 'desk'::regnamespace ) and ( T.typtype in ('d','e') or C.relkind = 'c'::"char" or (T.typtype = 'b' and (T.typelem = 0 OR T.typcategory <> 'A')) or T.typtype = 'p' and not T.typisdefined ) union all select oid, pronamespace, case when prokind != 'a' then 'R' else 'a' end, proname from pg_catalog.pg_proc where pronamespace in ( 'desk'::regnamespace ) order by schemaId;

select pronamespace as schemaId, oid as majorOid, proargnames as argNames, proargmodes as argModes, array_length(proargtypes, 1) as nArgs from pg_catalog.pg_proc where pronamespace in ( 'desk'::regnamespace ) order by schemaId;

with T as ( select T.oid as oid, T.relkind as kind, T.relnamespace as schemaId from pg_catalog.pg_class T where T.relnamespace in ( 'desk'::regnamespace ) and T.relkind in ('r', 'm', 'v', 'f', 'p') ) select T.schemaId as schemaId, T.oid as majorOid, pg_catalog.translate(T.kind, 'rmvpf', 'rmvrf') as kind, C.attnum as position, C.attname as name from T join pg_catalog.pg_attribute C on T.oid = C.attrelid where C.attnum > 0 and not C.attisdropped order by schemaId, majorOid;

-- same
select cls.xmin as sequence_state_number, sq.seqrelid as sequence_id, cls.relname as sequence_name, pg_catalog.format_type(sq.seqtypid, null) as data_type, sq.seqstart as start_value, sq.seqincrement as inc_value, sq.seqmin as min_value, sq.seqmax as max_value, sq.seqcache as cache_size, sq.seqcycle as cycle_option, pg_catalog.pg_get_userbyid(cls.relowner) as "owner" from pg_catalog.pg_sequence sq join pg_class cls on sq.seqrelid = cls.oid where cls.relnamespace = 'desk'::regnamespace;

-- same
select T.oid as type_id, T.xmin as type_state_number, T.typname as type_name, T.typtype as type_sub_kind, T.typcategory as type_category, T.typrelid as class_id, T.typbasetype as base_type_id, case when T.typtype in ('c','e') then null else pg_catalog.format_type(T.typbasetype, T.typtypmod) end as type_def, T.typndims as dimensions_number, T.typdefault as default_expression, T.typnotnull as mandatory, pg_catalog.pg_get_userbyid(T.typowner) as "owner" from pg_catalog.pg_type T left outer join pg_catalog.pg_class C on T.typrelid = C.oid where T.typnamespace = 'desk'::regnamespace and (T.typtype in ('d','e') or C.relkind = 'c'::"char" or (T.typtype = 'b' and (T.typelem = 0 OR T.typcategory <> 'A')) or T.typtype = 'p' and not T.typisdefined) order by 1;

select T.relkind as table_kind, T.relname as table_name, T.oid as table_id, T.xmin as table_state_number, false as table_with_oids, T.reltablespace as tablespace_id, T.reloptions as options, T.relpersistence as persistence, (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where T.oid = inhrelid) as ancestors, (select pg_catalog.array_agg(inhrelid::bigint order by inhrelid)::varchar from pg_catalog.pg_inherits where T.oid = inhparent) as successors, T.relispartition as is_partition, pg_catalog.pg_get_partkeydef(T.oid) as partition_key, pg_catalog.pg_get_expr(T.relpartbound, T.oid) as partition_expression, T.relam am_id, pg_catalog.pg_get_userbyid(T.relowner) as "owner" from pg_catalog.pg_class T where relnamespace = 'desk'::regnamespace and relkind in ('r', 'm', 'v', 'f', 'p') order by table_kind, table_id;

-- same
select ft.ftrelid as table_id, srv.srvname as table_server, ft.ftoptions as table_options, pg_catalog.pg_get_userbyid(cls.relowner) as "owner" from pg_catalog.pg_foreign_table ft left outer join pg_catalog.pg_foreign_server srv on ft.ftserver = srv.oid join pg_catalog.pg_class cls on ft.ftrelid = cls.oid where cls.relnamespace = 'desk'::regnamespace order by table_id;

with languages as (select oid as lang_oid, lanname as lang from pg_catalog.pg_language), routines as (select proname as r_name, prolang as lang_oid, oid as r_id, xmin as r_state_number, proargnames as arg_names, proargmodes as arg_modes, proargtypes::int[] as in_arg_types, proallargtypes::int[] as all_arg_types, pg_catalog.pg_get_expr(proargdefaults, 0) as arg_defaults, provariadic as arg_variadic_id, prorettype as ret_type_id, proretset as ret_set, prokind as kind, provolatile as volatile_kind, proisstrict as is_strict, prosecdef as is_security_definer, proconfig as configuration_parameters, procost as cost, pg_catalog.pg_get_userbyid(proowner) as "owner", prorows as rows, proleakproof as is_leakproof, proparallel as concurrency_kind from pg_catalog.pg_proc where pronamespace = 'desk'::regnamespace and not (prokind = 'a') ) select * from routines natural join languages;

select O.oid as op_id, O.xmin as state_number, oprname as op_name, oprkind as op_kind, oprleft as arg_left_type_id, oprright as arg_right_type_id, oprresult as arg_result_type_id, oprcode::oid as main_id, oprcode::varchar as main_name, oprrest::oid as restrict_id, oprrest::varchar as restrict_name, oprjoin::oid as join_id, oprjoin::varchar as join_name, oprcom::oid as com_id, oprcom::regoper::varchar as com_name, oprnegate::oid as neg_id, oprnegate::regoper::varchar as neg_name, oprcanmerge as merges, oprcanhash as hashes, pg_catalog.pg_get_userbyid(O.oprowner) as "owner" from pg_catalog.pg_operator O where oprnamespace = 'pg_catalog'::regnamespace;

-- same
select oid as id, xmin as state_number, collname as name, collcollate as lc_collate, collctype as lc_ctype, pg_catalog.pg_get_userbyid(collowner) as "owner" from pg_catalog.pg_collation where collnamespace = 'desk'::regnamespace;

select O.oid as id, O.xmin as state_number, opcname as name, opcintype::regtype::varchar as in_type, case when opckeytype = 0 then null else opckeytype::regtype::varchar end as key_type, opcdefault as is_default, opcfamily as family_id, opfname as family, opcmethod as access_method_id, pg_catalog.pg_get_userbyid(O.opcowner) as "owner" from pg_catalog.pg_opclass O join pg_catalog.pg_opfamily F on F.oid = opcfamily where opcnamespace = 'pg_catalog'::regnamespace;

select tab.oid table_id, tab.relkind table_kind, ind_stor.relname index_name, ind_head.indexrelid index_id, ind_stor.xmin state_number, ind_head.indisunique is_unique, ind_head.indisprimary is_primary, ind_head.indnullsnotdistinct nulls_not_distinct, pg_catalog.pg_get_expr(ind_head.indpred, ind_head.indrelid) as condition, (select pg_catalog.array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where ind_stor.oid = inhrelid) as ancestors, ind_stor.reltablespace tablespace_id, opcmethod as access_method_id from pg_catalog.pg_class tab join pg_catalog.pg_index ind_head on ind_head.indrelid = tab.oid join pg_catalog.pg_class ind_stor on tab.relnamespace = ind_stor.relnamespace and ind_stor.oid = ind_head.indexrelid left join pg_catalog.pg_opclass on pg_opclass.oid = ANY(indclass) where tab.relnamespace = 'desk'::regnamespace and tab.relkind in ('r', 'm', 'v', 'p') and ind_stor.relkind in ('i', 'I');

select T.oid table_id, relkind table_kind, C.oid::bigint con_id, C.xmin::varchar::bigint con_state_id, conname con_name, contype con_kind, conkey con_columns, conindid index_id, confrelid ref_table_id, condeferrable is_deferrable, condeferred is_init_deferred, confupdtype on_update, confdeltype on_delete, connoinherit no_inherit, pg_catalog.pg_get_expr(conbin, T.oid) con_expression, confkey ref_columns, conexclop::int[] excl_operators, array(select unnest::regoper::varchar from unnest(conexclop)) excl_operators_str from pg_catalog.pg_constraint C join pg_catalog.pg_class T on C.conrelid = T.oid where relkind in ('r', 'v', 'f', 'p') and relnamespace = 'desk'::regnamespace and contype in ('p', 'u', 'f', 'c', 'x') and connamespace = 'desk'::regnamespace;

-- same
select RU.oid from pg_catalog.pg_rewrite RU, pg_catalog.pg_class RC where RC.oid = RU.ev_class and RC.relnamespace = 'desk'::regnamespace and not RU.rulename = '_RETURN';

-- same
select P.oid from pg_catalog.pg_policy P join pg_catalog.pg_class C on polrelid = C.oid where relnamespace = 'desk'::regnamespace;

-- same
select TG.oid from pg_catalog.pg_trigger TG, pg_catalog.pg_class TC where TC.oid = TG.tgrelid and TC.relnamespace = 'desk'::regnamespace;

-- same
select D.objid as dependent_id, D.refobjid as owner_id, D.refobjsubid as owner_subobject_id from pg_depend D join pg_class C_SEQ on D.objid = C_SEQ.oid and D.classid = 'pg_class'::regclass::oid join pg_class C_TAB on D.refobjid = C_TAB.oid and D.refclassid = 'pg_class'::regclass::oid where C_SEQ.relkind = 'S' and C_TAB.relkind = 'r' and D.refobjsubid <> 0 and (D.deptype = 'a' or D.deptype = 'i') and C_TAB.relnamespace = 'desk'::regnamespace order by owner_id;

select T.relkind as view_kind, T.oid as view_id, pg_catalog.pg_get_viewdef(T.oid, true) as source_text from pg_catalog.pg_class T join pg_catalog.pg_namespace N on T.relnamespace = N.oid where N.oid = 'desk'::regnamespace and T.relkind in ('m','v');

with system_languages as ( select oid as lang from pg_catalog.pg_language where lanname in ('c','internal') ) select oid as id, pg_catalog.pg_get_function_arguments(oid) as arguments_def, pg_catalog.pg_get_function_result(oid) as result_def, pg_catalog.pg_get_function_sqlbody(oid) as sqlbody_def, prosrc as source_text from pg_catalog.pg_proc where pronamespace = 'desk'::regnamespace and not (prokind = 'a') and prolang not in (select lang from system_languages) and prosrc is not null;

select T.oid as object_id, T.relacl as acl from pg_catalog.pg_class T where relnamespace = 'desk'::regnamespace and pg_catalog.age(T.xmin) <= pg_catalog.age('1'::varchar::xid) union all select T.oid as object_id, T.proacl as acl from pg_catalog.pg_proc T where pronamespace = 'desk'::regnamespace and pg_catalog.age(T.xmin) <= pg_catalog.age('1'::varchar::xid) order by object_id;
