// A recording of everything that entered one core, so that another build of it (the target's) can be compared.
//
// File, little-endian, no padding:
//   "BMSREC1\n"  cfg: product[24] chemistry cell_count profile ntc_mask u32 capacity_mAh u32 shunt_nOhm u32 bus_Hz
//   u32 nvm_page_size  u32 nvm_page_count  pages as they were before the first init
// then records, each a tag byte and its fields:
//   'I' init (power-on of the controller; NVM keeps what the core wrote)
//   'S' step: u64 now_us u32 rtc_s u32 wake u16 adc[8] u32 gpio u16 xfer_id u8 status u16 n_acked
//             u16 n_rx, rx bytes, u16 n_uart, bytes, u8 n_can, frames (u32 id u8 len u8 data[8])
//   'P' set_param: u32 id i32 value u32 role         'L' load_params      'W' save_params
//   'R' RAM fault: u32 byte offset u8 xor mask (state only)
//   'E' end: u64 hash u32 steps, as the recorder saw them
// Writer and reader are templates over a byte sink `bool put(const uint8_t*, uint32_t)` and a byte source
// `bool get(uint8_t*, uint32_t)`; no heap, usable on the target.
#ifndef BMS_RECORDING_HPP
#define BMS_RECORDING_HPP

#include <bms/core_api.h>
#include <bms/hash.hpp>

#include <cstdint>
#include <cstring>

namespace bms {

inline constexpr std::uint8_t kRecMagic[8] = {'B', 'M', 'S', 'R', 'E', 'C', '1', '\n'};

namespace rec_detail {
template <class T>
inline std::uint8_t* put_le(std::uint8_t* p, T v) noexcept {
    for (std::uint32_t i = 0; i < sizeof(T); ++i) {
        *p = static_cast<std::uint8_t>((static_cast<std::uint64_t>(v) >> (8u * i)) & 0xFFu);
        ++p;
    }
    return p;
}
template <class T>
inline const std::uint8_t* get_le(const std::uint8_t* p, T& v) noexcept {
    std::uint64_t w = 0;
    for (std::uint32_t i = 0; i < sizeof(T); ++i) w |= static_cast<std::uint64_t>(p[i]) << (8u * i);
    v = static_cast<T>(w);
    return p + sizeof(T);
}
inline constexpr std::uint32_t kStepHead = 8 + 4 + 4 + 16 + 4 + 2 + 1 + 2;
}  // namespace rec_detail

// Appends records to a sink; `ok()` turns false at the first write the sink refused.
template <class Sink>
class RecordWriter {
public:
    explicit RecordWriter(Sink sink) : sink_(sink) {}

    void header(const bms_cfg& c, std::uint32_t page_size, std::uint32_t page_count, const std::uint8_t* pages) {
        std::uint8_t b[48];
        raw(kRecMagic, 8);
        std::memcpy(b, c.product, 24);
        std::uint8_t* p = b + 24;
        *p++ = c.chemistry;
        *p++ = c.cell_count;
        *p++ = c.profile;
        *p++ = c.ntc_mask;
        p = rec_detail::put_le(p, c.capacity_mAh);
        p = rec_detail::put_le(p, c.shunt_nOhm);
        p = rec_detail::put_le(p, c.bus_Hz);
        p = rec_detail::put_le(p, page_size);
        p = rec_detail::put_le(p, page_count);
        raw(b, static_cast<std::uint32_t>(p - b));
        raw(pages, page_size * page_count);
    }

    void init() { tag('I'); }
    void load() { tag('L'); }
    void save() { tag('W'); }

    void param(std::uint32_t id, std::int32_t value, std::uint32_t role) {
        std::uint8_t b[13];
        b[0] = 'P';
        std::uint8_t* p = rec_detail::put_le(b + 1, id);
        p = rec_detail::put_le(p, static_cast<std::uint32_t>(value));
        rec_detail::put_le(p, role);
        raw(b, 13);
    }

    void ram_fault(std::uint32_t offset, std::uint8_t mask) {
        std::uint8_t b[6];
        b[0] = 'R';
        rec_detail::put_le(b + 1, offset);
        b[5] = mask;
        raw(b, 6);
    }

    void step(const bms_in& in) {
        std::uint8_t b[1 + rec_detail::kStepHead];
        b[0] = 'S';
        std::uint8_t* p = rec_detail::put_le(b + 1, in.now_us);
        p = rec_detail::put_le(p, in.rtc_s);
        p = rec_detail::put_le(p, in.wake);
        for (std::uint16_t a : in.adc) p = rec_detail::put_le(p, a);
        p = rec_detail::put_le(p, in.gpio);
        p = rec_detail::put_le(p, in.xfer_id);
        *p++ = in.xfer_status;
        rec_detail::put_le(p, in.xfer_n_acked);
        raw(b, sizeof b);
        sized16(in.xfer_rx, in.xfer_n_rx, BMS_XFER_BYTES);
        sized16(in.uart_rx, in.uart_rx_n, BMS_UART_BYTES);
        const std::uint8_t n_can =
            static_cast<std::uint8_t>(in.can_rx_n > BMS_CAN_FRAMES ? BMS_CAN_FRAMES : in.can_rx_n);
        raw(&n_can, 1);
        for (std::uint8_t i = 0; i < n_can; ++i) {
            std::uint8_t f[13];
            p = rec_detail::put_le(f, in.can_rx[i].id);
            *p++ = in.can_rx[i].len;
            std::memcpy(p, in.can_rx[i].data, 8);
            raw(f, 13);
        }
    }

    void end(std::uint64_t hash, std::uint32_t steps) {
        std::uint8_t b[13];
        b[0] = 'E';
        rec_detail::put_le(rec_detail::put_le(b + 1, hash), steps);
        raw(b, 13);
    }

    [[nodiscard]] bool ok() const { return ok_; }

private:
    void tag(char c) {
        const std::uint8_t b = static_cast<std::uint8_t>(c);
        raw(&b, 1);
    }
    void sized16(const std::uint8_t* data, std::uint16_t n, std::uint32_t limit) {
        const std::uint16_t m = n > limit ? static_cast<std::uint16_t>(limit) : n;
        std::uint8_t b[2];
        rec_detail::put_le(b, m);
        raw(b, 2);
        raw(data, m);
    }
    void raw(const std::uint8_t* p, std::uint32_t n) {
        if (ok_ && n != 0) ok_ = sink_(p, n);
    }
    Sink sink_;
    bool ok_ = true;
};

// What a replay found. error: 0 none, 1 file, 2 core refused init, 3 a step failed, 4 does not fit the buffers.
struct ReplayResult {
    std::uint64_t hash;
    std::uint64_t expected_hash;
    std::uint32_t steps;
    std::uint32_t expected_steps;
    std::uint32_t error;
};

// Memory of a replay: the core's state block and its NVM image, both the caller's.
struct ReplayMemory {
    void* state;
    std::uint32_t state_size;
    std::uint8_t* nvm;
    std::uint32_t nvm_size;
};

template <class Source>
class RecordPlayer {
public:
    RecordPlayer(const bms_core& core, Source source, const ReplayMemory& mem)
        : core_(core), source_(source), mem_(mem) {}

    // Runs the recording through the core to its end.
    ReplayResult run() {
        if (!read_header()) return fail(res_.error != 0 ? res_.error : 1);
        for (;;) {
            std::uint8_t tag = 0;
            if (!source_(&tag, 1)) return fail(1);
            if (tag == 'E') break;
            const std::uint32_t e = record(tag);
            if (e != 0) return fail(e);
        }
        std::uint8_t b[12];
        if (!source_(b, 12)) return fail(1);
        rec_detail::get_le(rec_detail::get_le(b, res_.expected_hash), res_.expected_steps);
        res_.hash = hash_.value();
        return res_;
    }

private:
    ReplayResult fail(std::uint32_t e) {
        res_.error = e;
        res_.hash = hash_.value();
        return res_;
    }

    bool read_header() {
        std::uint8_t b[48];
        if (!source_(b, 8) || std::memcmp(b, kRecMagic, 8) != 0 || !source_(b, 48)) return false;
        std::memset(&cfg_, 0, sizeof cfg_);
        cfg_.abi = BMS_ABI;
        cfg_.struct_size = sizeof cfg_;
        std::memcpy(cfg_.product, b, 24);
        const std::uint8_t* p = b + 24;
        cfg_.chemistry = *p++;
        cfg_.cell_count = *p++;
        cfg_.profile = *p++;
        cfg_.ntc_mask = *p++;
        p = rec_detail::get_le(p, cfg_.capacity_mAh);
        p = rec_detail::get_le(p, cfg_.shunt_nOhm);
        p = rec_detail::get_le(p, cfg_.bus_Hz);
        p = rec_detail::get_le(p, page_size_);
        rec_detail::get_le(p, page_count_);
        if (core_.state_size > mem_.state_size ||
            static_cast<std::uint64_t>(page_size_) * page_count_ > mem_.nvm_size) {
            res_.error = 4;
            return false;
        }
        return page_size_ * page_count_ == 0 || source_(mem_.nvm, page_size_ * page_count_);
    }

    bms_port port() {
        bms_port p{};
        p.abi = BMS_ABI;
        p.struct_size = sizeof p;
        p.ctx = this;
        p.nvm_page_size = page_size_;
        p.nvm_page_count = page_count_;
        p.nvm_read = [](void* c, std::uint32_t page, std::uint8_t* dst) -> std::int32_t {
            auto* self = static_cast<RecordPlayer*>(c);
            if (page >= self->page_count_) return BMS_E_NVM;
            std::memcpy(dst, self->mem_.nvm + page * self->page_size_, self->page_size_);
            return BMS_OK;
        };
        p.nvm_write = [](void* c, std::uint32_t page, const std::uint8_t* src) -> std::int32_t {
            auto* self = static_cast<RecordPlayer*>(c);
            if (page >= self->page_count_) return BMS_E_NVM;
            std::memcpy(self->mem_.nvm + page * self->page_size_, src, self->page_size_);
            return BMS_OK;
        };
        p.log = [](void*, std::uint32_t, std::int32_t, std::int32_t) {};
        return p;
    }

    std::uint32_t record(std::uint8_t tag) {
        const bms_port p = port();
        std::uint8_t b[12];
        switch (tag) {
            case 'I':
                return core_.init(mem_.state, mem_.state_size, &cfg_, &p) == BMS_OK ? 0 : 2;
            case 'L':
                core_.load_params(mem_.state, &p);
                return 0;
            case 'W':
                core_.save_params(mem_.state, &p);
                return 0;
            case 'P': {
                if (!source_(b, 12)) return 1;
                std::uint32_t id = 0, value = 0, role = 0;
                rec_detail::get_le(rec_detail::get_le(rec_detail::get_le(b, id), value), role);
                core_.set_param(mem_.state, id, static_cast<std::int32_t>(value), role);
                return 0;
            }
            case 'R': {
                if (!source_(b, 5)) return 1;
                std::uint32_t offset = 0;
                rec_detail::get_le(b, offset);
                if (offset < core_.state_size) static_cast<std::uint8_t*>(mem_.state)[offset] ^= b[4];
                return 0;
            }
            case 'S': {
                if (!read_step()) return 1;
                std::memset(&out_, 0, sizeof out_);
                out_.abi = BMS_ABI;
                out_.struct_size = sizeof out_;
                if (core_.step(mem_.state, &p, &in_, &out_) != BMS_OK) return 3;
                hash_.step(in_.now_us, out_);
                ++res_.steps;
                return 0;
            }
            default:
                return 1;
        }
    }

    bool sized16(std::uint8_t* dst, std::uint16_t& n, std::uint32_t limit) {
        std::uint8_t b[2];
        if (!source_(b, 2)) return false;
        rec_detail::get_le(b, n);
        return n <= limit && (n == 0 || source_(dst, n));
    }

    bool read_step() {
        std::uint8_t b[rec_detail::kStepHead];
        if (!source_(b, sizeof b)) return false;
        std::memset(&in_, 0, sizeof in_);
        in_.abi = BMS_ABI;
        in_.struct_size = sizeof in_;
        const std::uint8_t* p = rec_detail::get_le(b, in_.now_us);
        p = rec_detail::get_le(p, in_.rtc_s);
        p = rec_detail::get_le(p, in_.wake);
        for (std::uint16_t& a : in_.adc) p = rec_detail::get_le(p, a);
        p = rec_detail::get_le(p, in_.gpio);
        p = rec_detail::get_le(p, in_.xfer_id);
        in_.xfer_status = *p++;
        rec_detail::get_le(p, in_.xfer_n_acked);
        if (!sized16(in_.xfer_rx, in_.xfer_n_rx, BMS_XFER_BYTES)) return false;
        if (!sized16(in_.uart_rx, in_.uart_rx_n, BMS_UART_BYTES)) return false;
        std::uint8_t n_can = 0;
        if (!source_(&n_can, 1) || n_can > BMS_CAN_FRAMES) return false;
        in_.can_rx_n = n_can;
        for (std::uint8_t i = 0; i < n_can; ++i) {
            std::uint8_t f[13];
            if (!source_(f, 13)) return false;
            p = rec_detail::get_le(f, in_.can_rx[i].id);
            in_.can_rx[i].len = *p++;
            std::memcpy(in_.can_rx[i].data, p, 8);
        }
        return true;
    }

    const bms_core& core_;
    Source source_;
    ReplayMemory mem_;
    bms_cfg cfg_{};
    bms_in in_{};
    bms_out out_{};
    CoreHash hash_;
    ReplayResult res_{};
    std::uint32_t page_size_ = 0;
    std::uint32_t page_count_ = 0;
};

}  // namespace bms
#endif
