//! Who and what appears in the demo: workspaces with their people, queues, automations and interfaces. All of it is invented; hosts
//! end in `.example`, network addresses and telephone numbers are those set aside for documentation.

use super::random::Random;

/// A workspace with everything in it that has a name.
pub(super) struct Workspace {
    pub id: &'static str,
    pub name: &'static str,
    /// `None` keeps everything.
    pub plan: Option<&'static str>,
    /// Where its users' e-mail lives.
    pub domain: &'static str,
    /// How much of the traffic is its.
    pub weight: u64,
    /// Hours that its clocks are ahead of UTC.
    pub offset_hours: i64,
    pub sender: &'static str,
    /// `first.last`; the first is the administrator, the second the supervisor.
    pub users: &'static [&'static str],
    /// Id and name; the first is where conversations arrive.
    pub queues: &'static [(&'static str, &'static str)],
    pub tags: &'static [(&'static str, &'static str)],
    pub routes: &'static [(&'static str, &'static str)],
    pub journeys: &'static [Journey],
    pub chatbot: Bot,
    pub assistant: Bot,
    /// Id and address.
    pub webhooks: &'static [(&'static str, &'static str)],
    pub clients: &'static [Client],
    /// What its customers ask about: what they write and what answers it.
    pub topics: &'static [Topic],
}

/// An automation that leads a person through elements.
pub(super) struct Journey {
    pub name: &'static str,
    pub version: &'static str,
    pub elements: &'static [Element],
}

/// One element of a journey.
pub(super) enum Element {
    Condition { element: &'static str, question: &'static str, yes_percent: u64 },
    Split { element: &'static str },
    Send { element: &'static str, channel: &'static str, text: &'static str },
    Wait { element: &'static str, hours: i64 },
    Call { element: &'static str, url: &'static str },
    Attribute { element: &'static str, name: &'static str, value: &'static str },
}

/// A chatbot or an AI agent.
pub(super) struct Bot {
    pub id: &'static str,
    pub name: &'static str,
    pub version: &'static str,
}

/// A program with an API key.
pub(super) struct Client {
    pub key: &'static str,
    /// `first.last` of who made the key.
    pub owner: &'static str,
    pub address: &'static str,
    pub agent: &'static str,
}

/// Something customers ask about.
pub(super) struct Topic {
    pub intent: &'static str,
    /// The flow of the chatbot, whose nodes are the same in each flow.
    pub flow: &'static str,
    pub asks: &'static [&'static str],
    pub answer: &'static str,
}

impl Workspace {
    pub(super) fn email(&self, user: &str) -> String {
        format!("{user}@{}", self.domain)
    }

    /// The address that a user usually works from: the office for most, a home for some.
    pub(super) fn address(&self, user: &str) -> String {
        let at = user.bytes().map(u64::from).sum::<u64>();
        let office = 10 + self.weight % 7;
        if at.is_multiple_of(3) { format!("192.0.2.{}", 20 + at % 90) } else { format!("198.51.100.{office}") }
    }
}

/// Somebody who writes to a workspace.
pub(super) struct Person {
    pub id: String,
    pub name: String,
    pub phone: String,
    pub email: String,
}

impl Person {
    /// The `index`th person of a workspace; always the same one.
    pub(super) fn of(workspace: &Workspace, index: u64) -> Person {
        const FIRST: [&str; 24] = [
            "Amal", "Bruno", "Chiara", "Daniel", "Elif", "Farid", "Greta", "Hana", "Ivo", "Jonas", "Kemal", "Lucia", "Mateo",
            "Nadia", "Olga", "Pedro", "Quinn", "Rosa", "Samir", "Tereza", "Uma", "Viktor", "Wanda", "Yusuf",
        ];
        const LAST: [&str; 24] = [
            "Albrecht",
            "Barros",
            "Costa",
            "Dimitrov",
            "Eriksen",
            "Fontaine",
            "Gruber",
            "Haddad",
            "Ito",
            "Jensen",
            "Kaya",
            "Lindqvist",
            "Moretti",
            "Nowak",
            "Okafor",
            "Petrov",
            "Quiroga",
            "Rossi",
            "Schmidt",
            "Tanaka",
            "Ullah",
            "Vargas",
            "Weber",
            "Zielinski",
        ];
        let seed = workspace.id.bytes().fold(index, |seed, byte| seed.wrapping_mul(31).wrapping_add(u64::from(byte)));
        let mut random = Random::new(seed);
        let (first, last) = (*random.pick(&FIRST), *random.pick(&LAST));
        Person {
            id: random.id("p-"),
            name: format!("{first} {last}"),
            phone: format!("+447700900{:03}", random.below(1000)),
            email: format!("{}.{}{}@mail.example", first.to_lowercase(), last.to_lowercase(), index % 100),
        }
    }
}

const ORDER: Topic = Topic {
    intent: "where is my order",
    flow: "order-status",
    asks: &[
        "Where is my order?",
        "My parcel should have come yesterday",
        "It says delivered but nothing is here",
        "Can you tell me when order 48213 arrives?",
    ],
    answer: "Your order left our warehouse and should be with you within two days.",
};
const REFUND: Topic = Topic {
    intent: "ask for a refund",
    flow: "refund",
    asks: &["I would like my money back", "How long does a refund take?", "You charged me twice", "The refund has not arrived"],
    answer: "We have started the refund; it takes three to five working days.",
};
const PAYMENT: Topic = Topic {
    intent: "problem with a payment",
    flow: "payment-help",
    asks: &[
        "My card was declined",
        "I cannot pay the invoice online",
        "Which account do I pay to?",
        "The payment page shows an error",
    ],
    answer: "Please try again with the link that we have just sent you.",
};
const BOOKING: Topic = Topic {
    intent: "change a booking",
    flow: "change-booking",
    asks: &[
        "I need to move my booking to Friday",
        "Can I change the name on my ticket?",
        "Please cancel my booking",
        "I missed my slot",
    ],
    answer: "We have changed your booking and sent you the confirmation.",
};
const OUTAGE: Topic = Topic {
    intent: "report an outage",
    flow: "report-outage",
    asks: &[
        "There is no power in our street",
        "When will the supply be back?",
        "My meter shows error E-17",
        "Lights keep flickering",
    ],
    answer: "A crew is on its way; we will write as soon as the supply is back.",
};
const APPOINTMENT: Topic = Topic {
    intent: "make an appointment",
    flow: "appointment",
    asks: &["I need an appointment next week", "Can I see a doctor today?", "Please move my appointment", "Are my results there?"],
    answer: "Your appointment is booked; you will get a reminder the day before.",
};

const CART: Journey = Journey {
    name: "Abandoned cart",
    version: "jv-abandoned-cart-12",
    elements: &[
        Element::Condition { element: "has-open-cart", question: "cart.total > 0", yes_percent: 92 },
        Element::Wait { element: "wait-4-hours", hours: 4 },
        Element::Split { element: "split-subject-line" },
        Element::Send { element: "email-cart", channel: "EMAIL", text: "You left something in your cart" },
        Element::Wait { element: "wait-1-day", hours: 24 },
        Element::Condition { element: "bought-meanwhile", question: "orders.last_24h = 0", yes_percent: 70 },
        Element::Send { element: "sms-voucher", channel: "SMS", text: "Ten percent off what is in your cart, today only" },
        Element::Attribute { element: "mark-contacted", name: "last_offer", value: "cart-10" },
    ],
};
const PAYMENT_REMINDER: Journey = Journey {
    name: "Payment reminder",
    version: "jv-payment-reminder-7",
    elements: &[
        Element::Condition { element: "has-open-invoice", question: "invoice.open = true", yes_percent: 95 },
        Element::Send {
            element: "sms-reminder",
            channel: "SMS",
            text: "Your invoice is due tomorrow. Pay here: https://pay.marlowfinch.example/i",
        },
        Element::Wait { element: "wait-1-day", hours: 24 },
        Element::Condition { element: "still-open", question: "invoice.open = true", yes_percent: 45 },
        Element::Send {
            element: "whatsapp-second-reminder",
            channel: "WHATSAPP",
            text: "Your invoice was due yesterday. Can we help?",
        },
        Element::Wait { element: "wait-2-days", hours: 48 },
        Element::Call { element: "http-update-ledger", url: "https://ledger.marlowfinch.example/invoices" },
    ],
};
const WELCOME: Journey = Journey {
    name: "Welcome",
    version: "jv-welcome-3",
    elements: &[
        Element::Send { element: "email-welcome", channel: "EMAIL", text: "Welcome! Here is how to begin" },
        Element::Call { element: "http-create-profile", url: "https://crm.example/profiles" },
        Element::Wait { element: "wait-2-days", hours: 48 },
        Element::Condition { element: "opened-welcome", question: "email.opened = true", yes_percent: 60 },
        Element::Send { element: "push-first-steps", channel: "PUSH", text: "Three things to try today" },
    ],
};
const BOOKING_CHANGE: Journey = Journey {
    name: "Booking reminder",
    version: "jv-booking-reminder-21",
    elements: &[
        Element::Call { element: "http-load-booking", url: "https://bookings.example/v1/bookings" },
        Element::Condition { element: "starts-in-2-days", question: "booking.starts_in_hours <= 48", yes_percent: 90 },
        Element::Send {
            element: "whatsapp-details",
            channel: "WHATSAPP",
            text: "Your booking is in two days; here are the details",
        },
        Element::Wait { element: "wait-1-day", hours: 24 },
        Element::Send { element: "sms-day-before", channel: "SMS", text: "See you tomorrow!" },
        Element::Attribute { element: "mark-reminded", name: "reminded", value: "yes" },
    ],
};
const OUTAGE_NOTICE: Journey = Journey {
    name: "Outage notice",
    version: "jv-outage-notice-5",
    elements: &[
        Element::Condition { element: "in-affected-area", question: "address.area IN outage.areas", yes_percent: 97 },
        Element::Send { element: "sms-outage", channel: "SMS", text: "We know about the outage in your area and work on it" },
        Element::Wait { element: "wait-2-hours", hours: 2 },
        Element::Call { element: "http-outage-state", url: "https://grid.tidewater.example/outages" },
        Element::Send { element: "sms-restored", channel: "SMS", text: "Power is back. Tell us if it is not" },
    ],
};

/// The workspace in which the incident happens.
pub(super) const MARLOW: usize = 0;

pub(super) const WORKSPACES: [Workspace; 6] = [
    Workspace {
        id: "marlow-finch",
        name: "Marlow & Finch Homeware",
        plan: Some("enterprise"),
        domain: "marlowfinch.example",
        weight: 34,
        offset_hours: 0,
        sender: "MARLOWPAY",
        users: &["ines.moreau", "tobias.lang", "ada.novak", "ben.osei", "carla.mendes", "dmitri.volkov", "erin.walsh"],
        queues: &[("q-orders", "Orders"), ("q-payments", "Payments"), ("q-returns", "Returns"), ("q-trust", "Trust and safety")],
        tags: &[("t-vip", "vip"), ("t-refund", "refund"), ("t-late", "late parcel")],
        routes: &[("r-card", "Card payments"), ("r-orders", "Order questions"), ("r-night", "Out of hours")],
        journeys: &[PAYMENT_REMINDER, CART, WELCOME],
        chatbot: Bot { id: "bot-finch", name: "Finch", version: "cv-finch-18" },
        assistant: Bot { id: "bot-marlow-ai", name: "Marlow assistant", version: "av-marlow-6" },
        webhooks: &[("wh-orders", "https://hooks.marlowfinch.example/orders"), ("wh-crm", "https://crm.marlowfinch.example/in")],
        clients: &[
            Client { key: "key-shop-backend", owner: "ines.moreau", address: "198.51.100.40", agent: "shop-backend/4.2" },
            Client { key: "key-crm-sync", owner: "tobias.lang", address: "198.51.100.41", agent: "crm-sync/1.9" },
        ],
        topics: &[ORDER, REFUND, PAYMENT],
    },
    Workspace {
        id: "sunline-air",
        name: "Sunline Airways",
        plan: Some("enterprise"),
        domain: "sunline.example",
        weight: 26,
        offset_hours: 2,
        sender: "SUNLINE",
        users: &["priya.raman", "luka.horvat", "maya.cohen", "noah.berg", "otto.keller", "paula.reyes"],
        queues: &[("q-bookings", "Bookings"), ("q-baggage", "Baggage"), ("q-loyalty", "Loyalty")],
        tags: &[("t-gold", "gold card"), ("t-delay", "delay"), ("t-baggage", "lost baggage")],
        routes: &[("r-gold", "Gold card holders"), ("r-delay", "Delays")],
        journeys: &[BOOKING_CHANGE, WELCOME],
        chatbot: Bot { id: "bot-sol", name: "Sol", version: "cv-sol-31" },
        assistant: Bot { id: "bot-sunline-ai", name: "Sunline concierge", version: "av-concierge-11" },
        webhooks: &[("wh-ops", "https://ops.sunline.example/events"), ("wh-loyalty", "https://loyalty.sunline.example/hook")],
        clients: &[
            Client { key: "key-booking-engine", owner: "priya.raman", address: "198.51.100.61", agent: "booking-engine/11.0" },
            Client { key: "key-app", owner: "luka.horvat", address: "198.51.100.62", agent: "sunline-app/7.3" },
        ],
        topics: &[BOOKING, REFUND, PAYMENT],
    },
    Workspace {
        id: "tidewater-energy",
        name: "Tidewater Energy",
        plan: Some("growth"),
        domain: "tidewater.example",
        weight: 16,
        offset_hours: -5,
        sender: "TIDEWATER",
        users: &["grace.liu", "hector.ruiz", "isla.brown", "jamal.carter"],
        queues: &[("q-supply", "Supply"), ("q-billing", "Billing")],
        tags: &[("t-outage", "outage"), ("t-meter", "meter")],
        routes: &[("r-outage", "Outages first"), ("r-billing", "Bills")],
        journeys: &[OUTAGE_NOTICE, WELCOME],
        chatbot: Bot { id: "bot-tide", name: "Tide", version: "cv-tide-9" },
        assistant: Bot { id: "bot-tide-ai", name: "Tidewater helper", version: "av-helper-4" },
        webhooks: &[("wh-grid", "https://grid.tidewater.example/hooks/outages")],
        clients: &[Client { key: "key-meter-gateway", owner: "grace.liu", address: "198.51.100.90", agent: "meter-gateway/2.0" }],
        topics: &[OUTAGE, PAYMENT],
    },
    Workspace {
        id: "brightpath-clinics",
        name: "Brightpath Clinics",
        plan: Some("growth"),
        domain: "brightpath.example",
        weight: 12,
        offset_hours: 1,
        sender: "BRIGHTPATH",
        users: &["sofia.marin", "ulrich.maier", "vera.blum", "willem.vos"],
        queues: &[("q-desk", "Front desk"), ("q-results", "Results")],
        tags: &[("t-urgent", "urgent"), ("t-results", "results")],
        routes: &[("r-urgent", "Urgent first"), ("r-desk", "Front desk")],
        journeys: &[BOOKING_CHANGE],
        chatbot: Bot { id: "bot-path", name: "Path", version: "cv-path-14" },
        assistant: Bot { id: "bot-path-ai", name: "Brightpath intake", version: "av-intake-2" },
        webhooks: &[("wh-ehr", "https://ehr.brightpath.example/webhook")],
        clients: &[Client { key: "key-ehr", owner: "sofia.marin", address: "198.51.100.120", agent: "ehr-bridge/3.1" }],
        topics: &[APPOINTMENT, BOOKING],
    },
    Workspace {
        id: "cobble-grocers",
        name: "Cobble Grocers",
        plan: Some("starter"),
        domain: "cobble.example",
        weight: 7,
        offset_hours: 0,
        sender: "COBBLE",
        users: &["xenia.park", "yann.leroy", "zoe.hart"],
        queues: &[("q-help", "Help")],
        tags: &[("t-missing", "missing item")],
        routes: &[("r-all", "Everything")],
        journeys: &[CART],
        chatbot: Bot { id: "bot-pebble", name: "Pebble", version: "cv-pebble-2" },
        assistant: Bot { id: "bot-pebble-ai", name: "Pebble plus", version: "av-pebble-1" },
        webhooks: &[("wh-shop", "https://shop.cobble.example/hooks")],
        clients: &[Client { key: "key-shop", owner: "xenia.park", address: "198.51.100.150", agent: "cobble-shop/1.0" }],
        topics: &[ORDER, REFUND],
    },
    Workspace {
        id: "lumen-tickets",
        name: "Lumen Tickets",
        plan: None,
        domain: "lumen.example",
        weight: 5,
        offset_hours: 3,
        sender: "LUMEN",
        users: &["rafael.costa", "selin.aydin", "theo.papas"],
        queues: &[("q-tickets", "Tickets")],
        tags: &[("t-group", "group booking")],
        routes: &[("r-tickets", "Tickets")],
        journeys: &[BOOKING_CHANGE],
        chatbot: Bot { id: "bot-lux", name: "Lux", version: "cv-lux-5" },
        assistant: Bot { id: "bot-lux-ai", name: "Lux plus", version: "av-lux-1" },
        webhooks: &[("wh-venue", "https://venue.lumen.example/in")],
        clients: &[Client { key: "key-venue", owner: "rafael.costa", address: "198.51.100.180", agent: "venue-desk/0.9" }],
        topics: &[BOOKING, PAYMENT],
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_is_always_the_same() {
        let (first, again) = (Person::of(&WORKSPACES[1], 5), Person::of(&WORKSPACES[1], 5));
        assert_eq!((first.id, first.name, first.phone), (again.id, again.name, again.phone));
    }

    #[test]
    fn every_workspace_has_who_and_what_a_story_needs() {
        for workspace in &WORKSPACES {
            assert!(workspace.users.len() >= 3, "{} has an administrator, a supervisor and an agent", workspace.id);
            assert!(!workspace.queues.is_empty() && !workspace.tags.is_empty() && !workspace.routes.is_empty());
            assert!(!workspace.journeys.is_empty() && !workspace.webhooks.is_empty());
            assert!(!workspace.clients.is_empty() && !workspace.topics.is_empty());
        }
        assert_eq!(WORKSPACES[MARLOW].id, "marlow-finch");
    }
}
