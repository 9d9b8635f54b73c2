//! Transaction blocks: BEGIN to COMMIT or ROLLBACK, savepoints between, and what goes with a transaction when it ends.

use super::{Notice, Outcome, Session, TransactionStatus, done};
use crate::error::{Error, Kind, Result};
use crate::query::parse::{Block, Modes, TransactionEnd};
use crate::query::transaction::Transaction;

impl Session {
    /// The statements about the transaction itself.
    pub(super) async fn block(&mut self, block: &Block) -> Result<Outcome> {
        match block {
            Block::Begin { modes, tag } => {
                self.begin_block(*modes)?;
                done(*tag)
            }
            Block::End { end, chain } => self.end_block(*end, *chain).await,
            Block::Savepoint(name) => {
                let portals = self.portals.serial();
                let notify = self.effects.pending().place();
                self.in_block("SAVEPOINT")?.mark(name, notify, portals);
                self.settings.mark();
                done("SAVEPOINT")
            }
            Block::RollbackTo(name) => {
                let mark = self.in_block("ROLLBACK TO SAVEPOINT")?.back_to(name)?;
                self.settings.back_to(mark.at);
                self.effects.pending().back_to(mark.notify);
                self.portals.drop_after(mark.portals);
                done("ROLLBACK")
            }
            Block::Release(name) => {
                let at = self.in_block("RELEASE SAVEPOINT")?.release(name)?;
                self.settings.release(at);
                done("RELEASE")
            }
            Block::SetTransaction(modes) => {
                self.warn_outside_block("SET TRANSACTION");
                self.open_transaction();
                self.settings.set_transaction(*modes)?;
                done("SET")
            }
            Block::SetCharacteristics(modes) => {
                self.open_transaction();
                self.settings.set_characteristics(*modes)?;
                done("SET")
            }
            Block::SetConstraints => {
                self.warn_outside_block("SET CONSTRAINTS");
                done("SET CONSTRAINTS")
            }
        }
    }

    /// Starts a transaction block for the server's own work.
    pub(in crate::query) fn begin(&mut self) -> Result<()> {
        self.begin_block(Modes::default())
    }

    /// Opens the implicit transaction of what a client sent as one; [`Session::finish_implicit`] ends it.
    pub fn begin_implicit(&mut self) {
        self.open_transaction();
    }

    /// The implicit transaction is one of several statements in one text, which some statements cannot be part of.
    pub fn begin_several(&mut self) {
        self.open_transaction().several = true;
    }

    /// A statement of a pipeline has run, so that what follows before the Sync is not alone in its transaction.
    pub fn continue_pipeline(&mut self) {
        if let Some(transaction) = &mut self.transaction {
            transaction.pipelined = true;
        }
    }

    fn begin_block(&mut self, modes: Modes) -> Result<()> {
        if self.open_transaction().explicit {
            self.warn(Kind::ActiveSqlTransaction, "there is already a transaction in progress");
        }
        self.settings.set_transaction(modes)?;
        self.open_transaction().explicit = true;
        Ok(())
    }

    async fn end_block(&mut self, end: TransactionEnd, chain: bool) -> Result<Outcome> {
        let (explicit, failed) = self.transaction.as_ref().map_or((false, false), |open| (open.explicit, open.failed));
        let word = match end {
            TransactionEnd::Commit => "COMMIT",
            TransactionEnd::Rollback => "ROLLBACK",
        };
        if !explicit {
            if chain {
                return Err(only_in_block(&format!("{word} AND CHAIN")));
            }
            self.warn(Kind::NoActiveSqlTransaction, "there is no transaction in progress");
        }
        let before = self.settings.characteristics();
        let tag = if end == TransactionEnd::Rollback || failed {
            self.rollback();
            "ROLLBACK"
        } else {
            self.commit().await?;
            word
        };
        if chain {
            let (isolation, read_only) = (Some(before.isolation), Some(before.read_only));
            self.begin_block(Modes { isolation, read_only, deferrable: Some(before.deferrable) })?;
        }
        done(tag)
    }

    /// Makes the open transaction durable, tells listeners, and lets go of what was the transaction's alone.
    pub(in crate::query) async fn commit(&mut self) -> Result<()> {
        let Some(transaction) = self.transaction.take() else { return Ok(()) };
        let checked = self.effects.exchange.check(self.effects.pending().messages());
        let kept = match checked {
            Ok(()) => transaction.commit(&self.engine).await,
            Err(error) => Err(error),
        };
        let counted = &self.engine.backends.counted;
        let ended = if kept.is_ok() { &counted.committed } else { &counted.rolled_back };
        ended.add(1);
        let (messages, changes) = self.effects.pending().take();
        self.settings.end(kept.is_ok());
        self.portals.end_transaction(kept.is_ok());
        kept?;
        self.effects.exchange.commit(&self.ear(), &changes, &messages)
    }

    /// Drops the open transaction with everything in it.
    pub(super) fn rollback(&mut self) {
        if self.transaction.take().is_some() {
            self.engine.backends.counted.rolled_back.add(1);
            self.effects.pending().take();
            self.settings.end(false);
            self.portals.end_transaction(false);
        }
    }

    /// The end of a message cycle: an implicit transaction block of several statements is committed, or dropped when one failed.
    ///
    /// # Errors
    /// The store's, when the commit was not kept.
    pub async fn finish_implicit(&mut self, failed: bool) -> Result<()> {
        match &self.transaction {
            Some(transaction) if !transaction.explicit => {
                if failed || transaction.failed {
                    self.rollback();
                    Ok(())
                } else {
                    let kept = self.commit().await;
                    if kept.is_err() {
                        // Statements of a pipeline were answered before; that nothing of them is kept is an event of its own.
                        self.begins_unasked("COMMIT");
                    }
                    kept
                }
            }
            Some(_) | None => Ok(()),
        }
    }

    /// A statement failed outside [`Session::run`], as while its rows were sent or its COPY data came: the transaction has failed.
    pub fn fail(&mut self) {
        match &mut self.transaction {
            Some(transaction) if transaction.explicit => transaction.failed = true,
            Some(_) => self.rollback(),
            None => {}
        }
    }

    pub fn transaction_status(&self) -> TransactionStatus {
        match &self.transaction {
            Some(transaction) if transaction.explicit && transaction.failed => TransactionStatus::Failed,
            Some(transaction) if transaction.explicit => TransactionStatus::Open,
            Some(_) | None => TransactionStatus::Idle,
        }
    }

    /// The open transaction, or a new one that ends with the statement.
    pub(in crate::query) fn open_transaction(&mut self) -> &mut Transaction {
        let (engine, settings) = (&self.engine, &self.settings);
        self.transaction.get_or_insert_with(|| {
            settings.begin();
            Transaction::new(engine.clock.now_us(), settings.clone())
        })
    }

    /// The open transaction block.
    fn in_block(&mut self, what: &str) -> Result<&mut Transaction> {
        match &mut self.transaction {
            Some(transaction) if transaction.explicit => Ok(transaction),
            Some(_) | None => Err(only_in_block(what)),
        }
    }

    /// Refuses what makes no sense in a transaction that ends with its statement.
    pub(super) fn require_block(&self, what: &str) -> Result<()> {
        match &self.transaction {
            Some(transaction) if transaction.explicit || transaction.several => Ok(()),
            Some(_) | None => Err(only_in_block(what)),
        }
    }

    pub(super) fn warn_outside_block(&mut self, what: &str) {
        if self.require_block(what).is_err() {
            self.warn(Kind::NoActiveSqlTransaction, &format!("{what} can only be used in transaction blocks"));
        }
    }

    pub(in crate::query) fn refuse_read_only(&self, doing: &str) -> Result<()> {
        if self.settings.characteristics().read_only {
            return Err(Error::new(Kind::ReadOnlySqlTransaction, format!("cannot {doing} in a read-only transaction")));
        }
        Ok(())
    }

    pub(super) fn refuse_in_block(&self, what: &str) -> Result<()> {
        let message = match &self.transaction {
            Some(transaction) if transaction.explicit || transaction.several => {
                format!("{what} cannot run inside a transaction block")
            }
            Some(transaction) if transaction.pipelined => format!("{what} cannot be executed within a pipeline"),
            Some(_) | None => return Ok(()),
        };
        Err(Error::new(Kind::ActiveSqlTransaction, message))
    }

    pub(super) fn warn(&mut self, kind: Kind, message: &str) {
        self.effects.tell("WARNING", kind, message);
    }

    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.effects.take_notices()
    }
}

fn only_in_block(what: &str) -> Error {
    Error::new(Kind::NoActiveSqlTransaction, format!("{what} can only be used in transaction blocks"))
}
