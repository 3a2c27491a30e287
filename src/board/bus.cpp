// SPDX-License-Identifier: Apache-2.0
#include "board/bus.hpp"

#include <cstring>

namespace twin::board {

void Bus::reset() {
    std::memset(&s_, 0, sizeof s_);
    s_.refused_ns = base::k_never_ns;
}

bool Bus::well_formed(const bms_out& out) const {
    const std::uint32_t n = out.xfer_n_seg;
    if (n > BMS_SEG_MAX || out.xfer_n_tx > BMS_XFER_BYTES) return false;
    std::uint32_t n_tx = 0, n_rx = 0;
    for (std::uint32_t k = 0; k < n; ++k) {
        const bms_segment& seg = out.xfer_seg[k];
        const bool start = (seg.flags & BMS_SEG_START) != 0;
        const bool read = (seg.flags & BMS_SEG_READ) != 0;
        const bool stop = (seg.flags & BMS_SEG_STOP) != 0;
        if (stop != (k + 1 == n)) return false;  // one STOP, at the end
        if (!start && k == 0) return false;
        if (start && read != ((seg.addr & 1U) != 0)) return false;
        if (!start && read != ((out.xfer_seg[k - 1].flags & BMS_SEG_READ) != 0)) return false;
        if (read && seg.len == 0) return false;  // the device would hold SDA at the STOP
        (read ? n_rx : n_tx) += seg.len;
    }
    return n_tx == out.xfer_n_tx && n_rx <= BMS_XFER_BYTES;
}

void Bus::post(Time_ns t_ns, const bms_out& out, bool line_held) {
    if (out.xfer_n_seg == 0) return;
    if (s_.busy != 0 || !well_formed(out)) {
        s_.refused_ns = t_ns + base::periodic_instant(1, 1'000'000'000, hz_);
        s_.refused_id = out.xfer_id;
        return;
    }
    s_.busy = 1;
    s_.start_ns = t_ns;
    s_.bit = 0;
    s_.phase = line_held ? k_held : k_start;
    if (line_held) s_.bit = 1;
    s_.id = out.xfer_id;
    s_.n_seg = out.xfer_n_seg;
    s_.seg = 0;
    s_.pos = 0;
    s_.n_tx = out.xfer_n_tx;
    s_.tx_pos = 0;
    s_.n_rx = 0;
    s_.n_acked = 0;
    s_.status = BMS_XFER_OK;
    for (std::uint32_t k = 0; k < s_.n_seg; ++k) {
        s_.seg_flags[k] = out.xfer_seg[k].flags;
        s_.seg_addr[k] = out.xfer_seg[k].addr;
        s_.seg_len[k] = out.xfer_seg[k].len;
    }
    std::memcpy(s_.tx, out.xfer_tx, s_.n_tx);
}

bool Bus::silent() const {
    if (s_.phase == k_start) return s_.seg != 0;
    return s_.phase == k_write && s_.pos == 0 && (s_.seg_flags[s_.seg] & BMS_SEG_START) != 0;
}

std::uint32_t Bus::acting_bit_after() const {
    std::uint32_t bit = s_.bit;
    std::uint32_t seg = s_.seg;
    if (s_.phase == k_write) {  // the pointer is due at `bit`
        if (s_.seg_len[seg] > 1) return bit + 9U;
        if (seg + 1U >= s_.n_seg) return bit + 1U;  // STOP
        ++seg;
    }
    for (;;) {  // START of `seg` at `bit`
        const bool start = (s_.seg_flags[seg] & BMS_SEG_START) != 0;
        const bool read = (s_.seg_flags[seg] & BMS_SEG_READ) != 0;
        const std::uint32_t len = s_.seg_len[seg];
        if (start) bit += 10U;
        if (!read && len > 1) return bit + (start ? 18U : 9U);
        if (!read && len == 1 && !start) return bit + 9U;
        bit += 9U * len;
        if (seg + 1U >= s_.n_seg) return bit + 1U;
        ++seg;
    }
}

Time_ns Bus::next_acting() const {
    if (s_.busy == 0) return s_.refused_ns;
    std::uint32_t bit = s_.bit;
    if (silent()) bit = acting_bit_after();
    const Time_ns t = at(bit);
    return t < s_.refused_ns ? t : s_.refused_ns;
}

bool Bus::run(Time_ns t_ns) {
    bool completed = false;
    while (s_.done == BMS_XFER_NONE && s_.busy != 0 && at(s_.bit) <= t_ns) completed = play() || completed;
    if (s_.done == BMS_XFER_NONE && s_.refused_ns <= t_ns) {
        s_.refused_ns = base::k_never_ns;
        s_.done = BMS_XFER_REFUSED;
        s_.done_id = s_.refused_id;
        s_.done_acked = 0;
        s_.done_rx = 0;
        ++s_.n_error;
        completed = true;
    }
    return completed;
}

bool Bus::play() {
    const Time_ns t = at(s_.bit);
    switch (s_.phase) {
        case k_start:
            begin_segment();
            return false;
        case k_write: {
            const bool ack = chip_.bus_write(t, s_.tx[s_.tx_pos]);
            ++s_.tx_pos;
            ++s_.pos;
            ++s_.n_bytes;
            if (!ack) {
                s_.status = BMS_XFER_NACK;
                s_.phase = k_stop;
                s_.bit += 1U;
                return false;
            }
            ++s_.n_acked;
            if (s_.pos < s_.seg_len[s_.seg])
                s_.bit += 9U;
            else
                end_segment();
            return false;
        }
        case k_held:
            finish(BMS_XFER_BUS);
            return true;
        default:
            chip_.bus_stop(t);
            finish(s_.status);
            return true;
    }
}

void Bus::begin_segment() {
    const Time_ns t = at(s_.bit);
    const bool read = (s_.seg_flags[s_.seg] & BMS_SEG_READ) != 0;
    if ((s_.seg_flags[s_.seg] & BMS_SEG_START) != 0) {
        const bool ack = chip_.bus_start(t, s_.seg_addr[s_.seg]);
        ++s_.n_bytes;
        s_.bit += 10U;
        if (!ack) {
            s_.status = BMS_XFER_NACK;
            s_.phase = k_stop;
            s_.bit += 1U;
            return;
        }
        ++s_.n_acked;
    }
    s_.pos = 0;
    const std::uint16_t len = s_.seg_len[s_.seg];
    if (read) {
        for (std::uint16_t k = 0; k < len; ++k) s_.rx[s_.n_rx + k] = chip_.bus_read(t);
        s_.n_rx = static_cast<std::uint16_t>(s_.n_rx + len);
        s_.n_bytes += len;
        s_.bit += 9U * len;
        end_segment();
    } else if (len > 0) {
        s_.bit += 9U;
        s_.phase = k_write;
    } else {
        end_segment();
    }
}

void Bus::end_segment() {
    if (s_.seg + 1U >= s_.n_seg) {
        s_.phase = k_stop;
        s_.bit += 1U;
    } else {
        ++s_.seg;
        s_.phase = k_start;
    }
}

void Bus::finish(std::uint8_t status) {
    s_.busy = 0;
    ++s_.n_transfers;
    if (status == BMS_XFER_NACK)
        ++s_.n_nack;
    else if (status != BMS_XFER_OK)
        ++s_.n_error;
    s_.done = status;
    s_.done_id = s_.id;
    s_.done_acked = s_.n_acked;
    s_.done_rx = s_.n_rx;
}

}  // namespace twin::board
