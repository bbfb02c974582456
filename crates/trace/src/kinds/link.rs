//! Frames on links.

crate::kinds! {
    SENT = "link.sent", Passage, "sends frame {0}", [Frame, None], "IEEE 802.3 §4";
    RECEIVED = "link.received", Passage, "receives frame {0}", [Frame, None], "IEEE 802.3 §4";
    QUEUED = "link.queued", Passage, "frame {0} waits in the queue behind {1}", [Frame, Bytes], "RFC 7567 §1";
    LOST = "link.lost", Decision, "frame {0} is lost on the link", [Frame, None], "a configured loss";
    QUEUE_DROP = "link.queue_drop", Decision, "frame {0} is dropped: the queue is full with {1}", [Frame, Bytes], "RFC 7567 §1";
    CORRUPTED = "link.corrupted", Decision, "bit {1} of frame {0} flips on the link", [Frame, Count], "a configured fault";
    SWITCH_LEARNED = "switch.learned", Decision, "the switch has seen {0} at its port {1}", [Mac, Count], "IEEE 802.1D §7.8";
    SWITCH_FLOODED = "switch.flooded", Decision, "the switch does not know {0}: sends it out of every other port", [Mac, None], "IEEE 802.1D §7.7";
}
