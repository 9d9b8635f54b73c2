//! The index of a column's words and characters: which pages can hold a row that a query or pattern matches?
//!
//! Words: a *page* is 4,096 rows in a row, a *section* the bytes of one column's index of one segment; it is read in *blocks* of a few
//! KiB, each with a CRC-32C of its own. There are two kinds of things to be found: *words*, as [`words`](crate::value::words) takes them out
//! of text and documents, and *grams*, three characters in a row whatever their case, for `LIKE`, `ILIKE` and the beginnings of words;
//! of scripts without blanks two characters and one, too.
//!
//! **Words** stand as fingerprints of their hash in order, in blocks of those that begin alike, each with the set of its pages. Most words
//! of a log stand in one page only (ids inside of payloads), and those cost a fingerprint's difference (about ten bits: eight of them
//! so that a word that is nowhere is mistaken for another once in 256 times) and the number of a page. A word that is not there is
//! in no page: words that stand nearly everywhere are kept as such, at a cost of a few bits. A filter for each page instead, at the same
//! rate of mistakes, takes ten bits for each word *and page* as well and has to be read once a page: a probe of a thousand pages would
//! be a thousand reads and is one here.
//!
//! **Grams** have a table of slots, a set of pages each. Texts have few different ones and pages nearly all of those, so that most
//! sets are bitmaps or everything, and an address costs less than a fingerprint. Four characters would tell more and cost seven
//! times as much, since random ids have nearly as many different ones as they have places.
//!
//! Measured with the demonstration's payloads (211 bytes, one random id of twelve characters each), a million rows in 245 pages: 3.3 bytes a
//! row; that id as a word takes one read of 5 KiB and 28 µs and leaves one page, as characters ten reads of 440 bytes and 48 µs and leaves
//! twelve; what is nowhere takes one read. The figures for filters and for four characters are reckoned, not measured.
//!
//! Compound words and URLs are not kept, since their parts are. A document's own keys are no words, those of objects inside of it are; its characters
//! are those of its text as stored, and where that writes characters as escapes, those of its values as well.
//!
//! What is built lives in memory: 32 KiB a page for grams, which is 23 MiB for a segment of three million rows, and words as sorted runs of
//! one byte to seven a word and page, the more the fewer pages have the word. All text indexes of a segment together may have 40 million
//! of those, so that words take 270 MiB at the very most and 70 MiB beside that for each index while they are sorted; of an index with more
//! than its share the words are left out, and every page may hold any. The file is written as it is made, block by block.

mod grams;
mod pages;
mod words;

#[cfg(test)]
mod tests;

use std::io::Write;

use bytes::Bytes;

use crate::error::{Error, Kind, Result};
use crate::value::words::{TextProbe, Values, asked_as, each_kept, each_kept_of_json, each_text};

pub(crate) use pages::PageSet;

/// What the column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Text,
    /// `json` or `jsonb`.
    Document,
}

/// Pages of one segment: 16 million rows, for which the grams take 128 MiB while an index is built.
pub(super) const PAGES_MAX: usize = 1 << 12;
/// Words and pages of all text indexes of one segment that are kept.
pub(super) const POSTINGS_MAX: usize = 40_000_000;

/// Reads so many bytes from a place on in the section.
pub(crate) type Read<'a> = &'a dyn Fn(u64, usize) -> Result<Bytes>;

/// Builds a section from the pages of a column, in the order of the rows.
#[derive(Debug)]
pub(crate) struct TextBuilder {
    content: Content,
    words: words::Builder,
    grams: grams::Builder,
    pages: usize,
}

impl TextBuilder {
    /// With more than so many words and pages it leaves the words out.
    pub(crate) fn new(content: Content, postings_max: usize) -> TextBuilder {
        TextBuilder { content, words: words::Builder::new(postings_max), grams: grams::Builder::new(), pages: 0 }
    }

    /// Takes the next page; `None` is NULL.
    ///
    /// # Errors
    /// 54000 for more pages than a section may have.
    pub(crate) fn page<'a>(&mut self, rows: impl Iterator<Item = Option<&'a str>>) -> Result<()> {
        if self.pages >= PAGES_MAX {
            return Err(Error::new(Kind::ProgramLimitExceeded, "a segment has too many pages for a text index"));
        }
        self.pages += 1;
        self.grams.begin();
        for text in rows.flatten() {
            self.grams.add(text);
            match self.content {
                Content::Text => each_kept(text, &mut |word| self.words.add(word)),
                Content::Document => {
                    each_kept_of_json(text, &mut |word| self.words.add(word));
                    if text.contains("\\u") || text.contains("\\/") {
                        let _: std::ops::ControlFlow<()> = each_text(text, Values::Scalars, &mut |value| {
                            self.grams.add(value);
                            std::ops::ControlFlow::Continue(())
                        });
                    }
                }
            }
        }
        self.words.end();
        Ok(())
    }

    /// Writes the section, and gives its length in bytes.
    ///
    /// # Errors
    /// 58030 where it cannot be written.
    pub(crate) fn finish(self, out: &mut impl Write) -> Result<u64> {
        let mut section = Section { out, written: 0 };
        let pages = u32::try_from(self.pages).unwrap_or(u32::MAX);
        let words = self.words.finish(self.pages, &mut section)?;
        let grams = self.grams.finish(&mut section)?;
        let footer = Footer { pages, words, grams };
        section.put(&footer.encoded())?;
        Ok(section.written)
    }
}

/// What is written, and how far it has come.
struct Section<'a, W: Write> {
    out: &'a mut W,
    written: u64,
}

impl<W: Write> Section<'_, W> {
    fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.out.write_all(bytes).map_err(|cause| Error::new(Kind::IoError, format!("writing a text index: {cause}")))?;
        self.written += bytes.len() as u64;
        Ok(())
    }

    /// Writes blocks with their checksums, then the list of where they begin.
    fn blocks(&mut self, blocks: impl Iterator<Item = Vec<u8>>, addresses: u8) -> Result<Table> {
        let mut starts = vec![];
        for block in blocks {
            starts.extend_from_slice(&place(self.written)?.to_le_bytes());
            self.put(&block)?;
            self.put(&crc32c::crc32c(&block).to_le_bytes())?;
        }
        starts.extend_from_slice(&place(self.written)?.to_le_bytes());
        let start = place(self.written)?;
        self.put(&starts)?;
        Ok(Table { start, bytes: place(starts.len() as u64)?, checksum: crc32c::crc32c(&starts), addresses })
    }
}

fn place(at: u64) -> Result<u32> {
    u32::try_from(at).map_err(|_| Error::new(Kind::ProgramLimitExceeded, "a text index has more than 4 GiB"))
}

/// Where the list of one kind's blocks stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Table {
    start: u32,
    bytes: u32,
    checksum: u32,
    /// Bits of an address: of words' fingerprints, of grams' slots. 0 where the kind is left out.
    addresses: u8,
}

/// The end of a section.
#[derive(Debug, PartialEq, Eq)]
struct Footer {
    pages: u32,
    words: Table,
    grams: Table,
}

const MAGIC: &[u8; 8] = b"AnWords2";
const FOOTER_BYTES: usize = 8 + 4 + 2 * 13 + 4;

impl Footer {
    fn encoded(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&self.pages.to_le_bytes());
        for table in [self.words, self.grams] {
            for number in [table.start, table.bytes, table.checksum] {
                out.extend_from_slice(&number.to_le_bytes());
            }
            out.push(table.addresses);
        }
        out.extend_from_slice(&crc32c::crc32c(&out).to_le_bytes());
        out
    }

    fn decoded(bytes: &[u8]) -> Option<Footer> {
        let (body, checksum) = bytes.split_last_chunk::<4>()?;
        if bytes.len() != FOOTER_BYTES || crc32c::crc32c(body) != u32::from_le_bytes(*checksum) || !body.starts_with(MAGIC) {
            return None;
        }
        let number = |at: usize| body.get(at..at + 4)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes));
        let table = |at: usize| {
            let [start, bytes, checksum] = [number(at)?, number(at + 4)?, number(at + 8)?];
            Some(Table { start, bytes, checksum, addresses: *body.get(at + 12)? })
        };
        Some(Footer { pages: number(8)?, words: table(12)?, grams: table(25)? })
    }
}

/// The error for a section whose bytes are not those that were written.
fn damaged(what: &str) -> Error {
    Error::new(Kind::DataCorrupted, format!("a text index is damaged: {what}"))
}

/// A section that can be asked. It holds the lists of blocks, some ten KiB for a million rows, and reads a block for each word or gram.
#[derive(Debug)]
pub(crate) struct TextIndex {
    pages: u32,
    words: Blocks,
    grams: Blocks,
}

/// The blocks of one kind.
#[derive(Debug)]
struct Blocks {
    starts: Bytes,
    addresses: u8,
}

impl Blocks {
    fn open(table: Table, read: Read<'_>) -> Result<Blocks> {
        let starts = read(u64::from(table.start), usize::try_from(table.bytes).unwrap_or(usize::MAX))?;
        if crc32c::crc32c(&starts) != table.checksum || starts.len() < 4 {
            return Err(damaged("its list of blocks"));
        }
        Ok(Blocks { starts, addresses: table.addresses })
    }

    /// How many bits of an address choose a block. There are as many blocks as a power of two.
    fn bits(&self) -> u32 {
        (self.starts.len() / 4 - 1).max(1).ilog2()
    }

    fn start(&self, block: usize) -> Option<u32> {
        self.starts.get(block * 4..)?.first_chunk::<4>().map(|bytes| u32::from_le_bytes(*bytes))
    }

    fn block(&self, block: usize, read: Read<'_>) -> Result<Bytes> {
        let (Some(start), Some(end)) = (self.start(block), self.start(block + 1)) else { return Err(damaged("a block's place")) };
        let length = usize::try_from(end.saturating_sub(start)).unwrap_or(usize::MAX);
        let bytes = read(u64::from(start), length)?;
        match bytes.split_last_chunk::<4>() {
            Some((body, checksum)) if bytes.len() == length && crc32c::crc32c(body) == u32::from_le_bytes(*checksum) => {
                Ok(bytes.slice(..body.len()))
            }
            _ => Err(damaged("a block")),
        }
    }
}

impl TextIndex {
    /// Opens a section of this length.
    ///
    /// # Errors
    /// XX001 for bytes that are no section or damaged, and what `read` fails with.
    pub(crate) fn open(length: u64, read: Read<'_>) -> Result<TextIndex> {
        let start = length.checked_sub(FOOTER_BYTES as u64).ok_or_else(|| damaged("its end"))?;
        let footer = Footer::decoded(&read(start, FOOTER_BYTES)?).ok_or_else(|| damaged("its end"))?;
        if usize::try_from(footer.pages).is_ok_and(|pages| pages > PAGES_MAX)
            || footer.words.addresses > 48
            || footer.grams.addresses > 32
        {
            return Err(damaged("its end"));
        }
        Ok(TextIndex { pages: footer.pages, words: Blocks::open(footer.words, read)?, grams: Blocks::open(footer.grams, read)? })
    }

    /// How many pages the column has.
    pub(crate) fn pages(&self) -> u32 {
        self.pages
    }

    /// Bytes that it holds in memory.
    #[cfg(test)]
    pub(crate) fn memory_bytes(&self) -> usize {
        self.words.starts.len() + self.grams.starts.len()
    }

    /// The pages that can hold a row that is looked for, and perhaps some that hold none.
    ///
    /// # Errors
    /// XX001 for damaged bytes, and what `read` fails with.
    pub(crate) fn find(&self, probe: &TextProbe, read: Read<'_>) -> Result<PageSet> {
        match probe {
            TextProbe::All(parts) => {
                let mut found = PageSet::full(self.pages);
                for part in parts {
                    if found.is_empty() {
                        break;
                    }
                    found.keep(&self.find(part, read)?);
                }
                Ok(found)
            }
            TextProbe::Any(parts) => {
                let mut found = PageSet::none(self.pages);
                for part in parts {
                    found.add(&self.find(part, read)?);
                }
                Ok(found)
            }
            TextProbe::Word(word) => {
                let mut found = PageSet::none(self.pages);
                for way in asked_as(word) {
                    let mut together = PageSet::full(self.pages);
                    for word in way {
                        together.keep(&words::find(&self.words, self.pages, word, read)?);
                    }
                    found.add(&together);
                }
                Ok(found)
            }
            TextProbe::Inside(text) => grams::find(&self.grams, self.pages, text, read),
        }
    }
}
