//! Frames on links.

crate::kinds! {
    SENT = "link.sent", Passage, "sends frame {0}", [Frame, None], "IEEE 802.3 §4";
    RECEIVED = "link.received", Passage, "receives frame {0}", [Frame, None], "IEEE 802.3 §4";
    QUEUED = "link.queued", Passage, "frame {0} waits {1} in the queue", [Frame, Nanos], "RFC 7567 §1";
    LOST = "link.lost", Decision, "frame {0} is lost on the link", [Frame, None], "a configured loss";
    QUEUE_DROP = "link.queue_drop", Decision, "frame {0} is dropped: the queue is full with {1}", [Frame, Bytes], "RFC 7567 §1";
    MARKED = "link.marked", Decision, "frame {0} is marked with CE: {1} wait in the queue", [Frame, Bytes], "RFC 3168 §5";
    CORRUPTED = "link.corrupted", Decision, "bit {1} of frame {0} flips on the link", [Frame, Count], "a configured fault";
    TOO_BIG = "link.too_big", Decision, "frame {0} is dropped: the link carries packets of at most {1}", [Frame, Bytes], "IEEE 802.3 §3.2.7";
    DUPLICATED = "link.duplicated", Decision, "frame {0} is doubled on the link", [Frame, None], "a configured fault";
    HELD = "link.held", Decision, "frame {0} is held up on the link for {1}", [Frame, Nanos], "a configured fault";
    NOT_CONNECTED = "link.not_connected", Decision, "frame {0} goes nowhere: nothing is plugged into the interface", [Frame, None], "IEEE 802.3 §4";
    SWITCH_LEARNED = "switch.learned", Decision, "the switch has seen {0} at its port {1}", [Mac, Count], "IEEE 802.1D §7.8";
    SWITCH_FLOODED = "switch.flooded", Decision, "the switch does not know {0}: sends it out of every other port", [Mac, None], "IEEE 802.1D §7.7";
    SWITCH_ALL = "switch.all", Decision, "the frame is for {0}, a group: the switch sends it out of every other port", [Mac, None], "IEEE 802.1D §7.7";
    SWITCH_FILTERED = "switch.filtered", Decision, "the switch does not pass on a frame for {0}", [Mac, None], "IEEE 802.1D §7.7";
}
