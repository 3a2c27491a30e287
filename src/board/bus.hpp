// SPDX-License-Identifier: Apache-2.0
// The board's two-wire bus: plays one posted transfer, bit by bit in time, against the AFE. 1 bit per START and STOP, 9
// per byte. A segment's address byte is answered at its START, where a read segment is also sampled; a written byte
// acts at its ACK; the transfer completes when STOP is over. `silent` events touch nothing that the plant sees: START
// of a later segment and the register pointer (first byte of a write). They need no instant of their own.
#pragma once
#include <bms/core_api.h>

#include <cstdint>

#include "afe/dvc1124.hpp"
#include "base/time.hpp"

namespace twin::board {

using base::Time_ns;

/// Plain state of the bus; part of the board's state block.
struct BusState {
    std::int64_t start_ns;      // START of the transfer
    std::int64_t refused_ns;    // a refused posting is reported at this time; k_never_ns: none
    std::uint64_t n_transfers;  // completed
    std::uint64_t n_nack;       // transfers ended by a missing ACK
    std::uint64_t n_error;      // refused, held or timed out
    std::uint64_t n_bytes;      // bytes on the wire, address bytes included
    std::uint32_t bit;          // bits from start_ns to the next event
    std::uint8_t busy;
    std::uint8_t phase;  // Phase
    std::uint8_t n_seg, seg;
    std::uint16_t id, refused_id;
    std::uint16_t pos;  // data bytes of the segment that are over
    std::uint16_t n_tx, tx_pos;
    std::uint16_t n_rx, n_acked;
    std::uint8_t status;  // BMS_XFER_ of the transfer that is ending
    std::uint8_t done;    // BMS_XFER_ of a completion that the core has not seen yet; 0: none
    std::uint16_t done_id, done_acked, done_rx;
    std::uint8_t seg_flags[BMS_SEG_MAX], seg_addr[BMS_SEG_MAX];
    std::uint16_t seg_len[BMS_SEG_MAX];
    std::uint8_t tx[BMS_XFER_BYTES];
    std::uint8_t rx[BMS_XFER_BYTES];
};

class Bus {
public:
    Bus(BusState& state, afe::Dvc1124& chip, std::int64_t bus_Hz) : s_(state), chip_(chip), hz_(bus_Hz) {}

    void reset();
    /// Takes the transfer out of a step's output at t; malformed ones and those posted while busy are reported as
    /// REFUSED.
    void post(Time_ns t_ns, const bms_out& out, bool line_held);
    /// Next event that must be an instant: written data, completion, START of a transfer.
    Time_ns next_acting() const;
    /// Next event if it is a silent one, else k_never_ns.
    Time_ns next_silent() const { return s_.busy != 0 && silent() ? at(s_.bit) : base::k_never_ns; }
    /// Plays everything due at or before t; true if a transfer completed (its result is in done*, rx).
    bool run(Time_ns t_ns);

private:
    enum Phase : std::uint8_t { k_start = 0, k_write = 1, k_stop = 2, k_held = 3 };
    Time_ns at(std::uint32_t bit) const { return s_.start_ns + base::periodic_instant(bit, 1'000'000'000, hz_); }
    bool well_formed(const bms_out& out) const;
    bool silent() const;
    /// The next acting event if the pending silent ones are acknowledged; a missing ACK inside them is reported at this
    /// time too.
    std::uint32_t acting_bit_after() const;
    bool play();  // one event; true: completed
    void begin_segment();
    void end_segment();
    void finish(std::uint8_t status);

    BusState& s_;
    afe::Dvc1124& chip_;
    std::int64_t hz_;
};

}  // namespace twin::board
