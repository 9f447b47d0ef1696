//! Interpretation of DNS responses.

use std::net::IpAddr;

use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{DNSClass, Name, RData, Record, RecordType};

use crate::trace::{DnsAnswer, DnsRecord};
use crate::units::Untrusted;
use crate::wire::dns::rcode_name;

/// Maximum number of records kept of a response.
const MAX_RECORDS: usize = 64;
/// Maximum number of characters kept of a record's data.
const MAX_DATA: usize = 512;
/// Maximum number of aliases (CNAME) followed within one response.
const MAX_ALIASES: usize = 16;

/// Converts a response for the event.
pub(super) fn to_dns_answer(message: &Message) -> DnsAnswer {
    DnsAnswer {
        rcode: rcode_name(message.metadata.response_code.into()),
        truncated: message.metadata.truncation,
        records: message
            .answers
            .iter()
            .take(MAX_RECORDS)
            .map(to_dns_record)
            .collect(),
    }
}

fn to_dns_record(record: &Record) -> DnsRecord {
    let data = match &record.data {
        RData::CNAME(target) => without_final_dot(target),
        data => data.to_string(),
    };
    DnsRecord {
        name: Untrusted::new(without_final_dot(&record.name)),
        kind: record.record_type().to_string(),
        ttl: record.ttl,
        data: Untrusted::new(data.chars().take(MAX_DATA).collect::<String>()),
    }
}

/// Returns a fully qualified name without its final dot.
pub(super) fn without_final_dot(name: &Name) -> String {
    let text = name.to_ascii();
    match text.strip_suffix('.') {
        Some(bare) if !bare.is_empty() => bare.to_owned(),
        _ => text,
    }
}

/// Content of a response regarding the addresses of a name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AnswerContent {
    /// The addresses.
    Addresses(Vec<IpAddr>),
    /// The name is an alias, and the response has no records of its target: that one has to be
    /// queried.
    Alias(Name),
    /// The name has no such records.
    NoData,
    /// The aliases form a loop.
    AliasLoop,
}

/// Follows the aliases of a response from the queried name to its addresses. Records of other names
/// are ignored: a server must not be able to plant them.
pub(super) fn follow_aliases(message: &Message, name: &Name, kind: RecordType) -> AnswerContent {
    let mut owner = name;
    for _ in 0..MAX_ALIASES {
        let mut records = message
            .answers
            .iter()
            .filter(|record| record.dns_class == DNSClass::IN && record.name == *owner);
        let addresses: Vec<IpAddr> = records
            .clone()
            .filter_map(|record| address_in(record, kind))
            .take(MAX_RECORDS)
            .collect();
        if !addresses.is_empty() {
            return AnswerContent::Addresses(addresses);
        }
        match records.find_map(|record| {
            if let RData::CNAME(target) = &record.data {
                Some(&target.0)
            } else {
                None
            }
        }) {
            Some(target) => owner = target,
            None => return end_of_aliases(message, name, owner),
        }
    }
    AnswerContent::AliasLoop
}

fn address_in(record: &Record, kind: RecordType) -> Option<IpAddr> {
    match (&record.data, kind) {
        (RData::A(address), RecordType::A) => Some(IpAddr::V4(address.0)),
        (RData::AAAA(address), RecordType::AAAA) => Some(IpAddr::V6(address.0)),
        _ => None,
    }
}

/// Returns the content of a response that ends in an alias or in nothing. A server that knows that
/// the last name has no such record includes the zone's SOA (RFC 2308 §2.2).
fn end_of_aliases(message: &Message, name: &Name, last: &Name) -> AnswerContent {
    let says_so = message
        .authorities
        .iter()
        .any(|record| record.record_type() == RecordType::SOA);
    if last == name || says_so {
        AnswerContent::NoData
    } else {
        AnswerContent::Alias(last.clone())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use hickory_resolver::proto::op::Query;
    use hickory_resolver::proto::rr::rdata::{A, CNAME};
    use proptest::collection::vec;
    use proptest::prelude::{any, prop_assert, proptest};

    use super::*;

    fn name(text: &str) -> Name {
        Name::from_ascii(text).unwrap()
    }

    fn alias_record(from: &str, to: &str) -> Record {
        Record::from_rdata(name(from), 60, RData::CNAME(CNAME(name(to))))
    }

    fn address_of(owner: &str, ip: [u8; 4]) -> Record {
        Record::from_rdata(name(owner), 60, RData::A(A(ip.into())))
    }

    fn message(answers: Vec<Record>) -> Message {
        let mut message = Message::query();
        message.answers = answers;
        message
    }

    #[test]
    fn aliases_lead_to_addresses_in_any_order() {
        let message = message(vec![
            address_of("c.test.", [192, 0, 2, 1]),
            alias_record("b.test.", "C.test."),
            alias_record("a.test.", "b.test."),
        ]);
        assert_eq!(
            follow_aliases(&message, &name("A.test."), RecordType::A),
            AnswerContent::Addresses(vec![[192, 0, 2, 1].into()])
        );
        assert_eq!(
            follow_aliases(&message, &name("a.test."), RecordType::AAAA),
            AnswerContent::Alias(name("c.test."))
        );
    }

    #[test]
    fn addresses_of_other_names_are_no_answer() {
        let message = message(vec![address_of("evil.test.", [192, 0, 2, 66])]);
        assert_eq!(
            follow_aliases(&message, &name("a.test."), RecordType::A),
            AnswerContent::NoData
        );
    }

    #[test]
    fn a_loop_of_aliases_ends() {
        let message = message(vec![
            alias_record("a.test.", "b.test."),
            alias_record("b.test.", "a.test."),
        ]);
        assert_eq!(
            follow_aliases(&message, &name("a.test."), RecordType::A),
            AnswerContent::AliasLoop
        );
    }

    #[test]
    fn an_answer_of_very_many_records_is_cut() {
        let records = (0..=255)
            .flat_map(|i| {
                [
                    address_of("a.test.", [192, 0, 2, i]),
                    address_of("a.test.", [192, 0, 3, i]),
                ]
            })
            .collect();
        let message = message(records);
        assert_eq!(to_dns_answer(&message).records.len(), MAX_RECORDS);
        match follow_aliases(&message, &name("a.test."), RecordType::A) {
            AnswerContent::Addresses(all) => assert_eq!(all.len(), MAX_RECORDS),
            other => panic!("{other:?}"),
        }
    }

    proptest! {
        #[test]
        fn crafted_messages_are_taken_without_a_panic(
            at in 0_usize..140,
            bytes in vec(any::<u8>(), 1..40),
        ) {
            let mut honest = message(vec![
                alias_record("www.test.", "cdn.test."),
                address_of("cdn.test.", [192, 0, 2, 1]),
            ]);
            honest.queries = vec![Query::query(name("www.test."), RecordType::A)];
            let mut crafted = honest.to_vec().unwrap();
            crafted.splice(at.min(crafted.len()).., bytes);
            if let Ok(message) = Message::from_vec(&crafted) {
                prop_assert!(to_dns_answer(&message).records.len() <= MAX_RECORDS);
                follow_aliases(&message, &name("www.test."), RecordType::A);
            }
        }
    }

    #[test]
    fn a_record_is_shown_as_people_write_it() {
        let shown = to_dns_answer(&message(vec![alias_record("www.test.", "cdn.test.")]));
        let record = &shown.records[0];
        assert_eq!(
            (
                record.name.raw(),
                record.kind.as_str(),
                record.ttl,
                record.data.raw()
            ),
            ("www.test", "CNAME", 60, "cdn.test")
        );
    }
}
