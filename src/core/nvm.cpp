#include "core/nvm.hpp"

#include <cstring>

namespace bms {
namespace {

constexpr std::uint32_t kParamMagic = 0x50534D42u;    // "BMSP"
constexpr std::uint32_t kCounterMagic = 0x43534D42u;  // "BMSC"
constexpr std::uint32_t kHeader = 20;                 // magic, crc, seq, n | product | chemistry | profile | cells
constexpr std::uint32_t kParamBytes = kHeader + 4u * kParamN;
constexpr std::uint32_t kCounterBytes = 12u + 8u + 4u * 3u + 4u * kLatchN;
constexpr std::uint32_t kPageMax = 512;
constexpr std::uint64_t kSaveEvery_us = 600000000;
static_assert(kCounterBytes <= 128);

std::uint32_t crc32(const std::uint8_t* p, std::uint32_t n) {
    std::uint32_t c = 0xFFFFFFFFu;
    for (std::uint32_t i = 0; i < n; ++i) {
        c ^= p[i];
        for (int k = 0; k < 8; ++k) c = (c & 1u) != 0 ? (c >> 1) ^ 0xEDB88320u : c >> 1;
    }
    return ~c;
}

void put32(std::uint8_t* p, std::uint32_t v) {
    for (std::uint32_t i = 0; i < 4; ++i) p[i] = static_cast<std::uint8_t>((v >> (8u * i)) & 0xFFu);
}

std::uint32_t get32(const std::uint8_t* p) {
    return static_cast<std::uint32_t>(p[0]) | (static_cast<std::uint32_t>(p[1]) << 8) |
           (static_cast<std::uint32_t>(p[2]) << 16) | (static_cast<std::uint32_t>(p[3]) << 24);
}

std::uint32_t param_pages(const bms_port& port) { return (kParamBytes + port.nvm_page_size - 1u) / port.nvm_page_size; }

bool usable(const bms_port& port) {
    return port.nvm_read != nullptr && port.nvm_write != nullptr && port.nvm_page_size >= 128 &&
           port.nvm_page_size <= kPageMax && port.nvm_page_count >= 2u * param_pages(port) + 2u;
}

// Reads n bytes starting at a page.
bool read_pages(const bms_port& port, std::uint32_t page, std::uint8_t* dst, std::uint32_t n) {
    std::uint8_t buf[kPageMax];
    for (std::uint32_t done = 0; done < n; done += port.nvm_page_size, ++page) {
        if (port.nvm_read(port.ctx, page, buf) != BMS_OK) return false;
        const std::uint32_t left = n - done;
        std::memcpy(dst + done, buf, left < port.nvm_page_size ? left : port.nvm_page_size);
    }
    return true;
}

bool write_pages(const bms_port& port, std::uint32_t page, const std::uint8_t* src, std::uint32_t n) {
    std::uint8_t buf[kPageMax];
    for (std::uint32_t done = 0; done < n; done += port.nvm_page_size, ++page) {
        const std::uint32_t left = n - done;
        std::memset(buf, 0xFF, sizeof buf);
        std::memcpy(buf, src + done, left < port.nvm_page_size ? left : port.nvm_page_size);
        if (port.nvm_write(port.ctx, page, buf) != BMS_OK) return false;
    }
    return true;
}

// A record is valid if magic and CRC (over everything behind it) fit.
bool valid(const std::uint8_t* rec, std::uint32_t magic, std::uint32_t n) {
    return get32(rec) == magic && get32(rec + 4) == crc32(rec + 8, n - 8u);
}

std::uint32_t identity(const State& s) {
    return static_cast<std::uint32_t>(s.rated_mA / 1000) | (static_cast<std::uint32_t>(s.series) << 16);
}

std::uint32_t identity2(const State& s) {
    return kParamN | (static_cast<std::uint32_t>(s.chemistry) << 16) |
           (static_cast<std::uint32_t>(s.cfg.profile) << 20) | (s.n << 24);
}

// Newest valid copy of the parameters; -1 if none.
std::int32_t newest_copy(const bms_port& port, std::uint8_t (&rec)[kParamBytes], std::uint32_t& seq) {
    std::int32_t best = -1;
    for (std::uint32_t c = 0; c < 2; ++c) {
        std::uint8_t r[kParamBytes];
        if (!read_pages(port, c * param_pages(port), r, kParamBytes) || !valid(r, kParamMagic, kParamBytes)) continue;
        if (best >= 0 && get32(r + 8) <= seq) continue;
        best = static_cast<std::int32_t>(c);
        seq = get32(r + 8);
        std::memcpy(rec, r, kParamBytes);
    }
    return best;
}

}  // namespace

std::int32_t nvm_load_params(State& s, const bms_port& port) {
    if (!usable(port)) return BMS_E_NVM;
    std::uint8_t rec[kParamBytes];
    std::uint32_t seq = 0;
    if (newest_copy(port, rec, seq) < 0) return BMS_E_NVM;
    if (get32(rec + 12) != identity(s) || get32(rec + 16) != identity2(s)) return BMS_E_NVM;
    for (std::uint32_t i = 0; i < kParamN; ++i) {
        if ((kParamTable[i].flags & BMS_DESC_VOLATILE) != 0) continue;
        const std::int32_t v = static_cast<std::int32_t>(get32(rec + kHeader + 4u * i));
        if (v < kParamTable[i].min || v > kParamTable[i].max) return BMS_E_NVM;
        s.requested[i] = v;
    }
    for (std::uint32_t i = 0; i < kParamN; ++i) {
        if (param_apply(s, static_cast<P>(i + 1u), s.requested[i]) != BMS_OK) return BMS_E_NVM;
    }
    s.drv.dirty = 1;
    return BMS_OK;
}

std::int32_t nvm_save_params(State& s, const bms_port& port) {
    if (!usable(port)) return BMS_E_NVM;
    std::uint8_t rec[kParamBytes];
    std::uint32_t seq = 0;
    const std::int32_t old = newest_copy(port, rec, seq);
    put32(rec, kParamMagic);
    put32(rec + 8, seq + 1u);
    put32(rec + 12, identity(s));
    put32(rec + 16, identity2(s));
    for (std::uint32_t i = 0; i < kParamN; ++i)
        put32(rec + kHeader + 4u * i, static_cast<std::uint32_t>(s.requested[i]));
    put32(rec + 4, crc32(rec + 8, kParamBytes - 8u));
    const std::uint32_t page = old == 0 ? param_pages(port) : 0;
    return write_pages(port, page, rec, kParamBytes) ? BMS_OK : BMS_E_NVM;
}

bool nvm_load_counters(State& s, const bms_port& port) {
    if (!usable(port)) return false;
    bool found = false;
    for (std::uint32_t page = 2u * param_pages(port); page < port.nvm_page_count; ++page) {
        std::uint8_t r[kCounterBytes];
        if (!read_pages(port, page, r, kCounterBytes) || !valid(r, kCounterMagic, kCounterBytes)) continue;
        const std::uint32_t seq = get32(r + 8);
        if (found && seq <= s.pow.nvm_seq) continue;
        found = true;
        s.pow.nvm_seq = seq;
        s.soc.q_uAs = static_cast<std::int64_t>(get32(r + 12) | (static_cast<std::uint64_t>(get32(r + 16)) << 32));
        s.soc.known = static_cast<std::uint8_t>(get32(r + 20) & 1u);
        s.prot.locked = static_cast<std::uint8_t>((get32(r + 20) >> 1) & 1u);
        s.soc.full_count = get32(r + 24);
        s.prot.scd_tries = static_cast<std::uint8_t>(get32(r + 28) & 0xFFu);
        for (std::uint32_t i = 0; i < kLatchN; ++i) s.prot.counter[i] = get32(r + 32 + 4u * i);
        s.soc.started = 1;
    }
    return found;
}

void nvm_save_counters(Step& t) {
    State& s = t.s;
    if (!usable(t.port) || s.soc.started == 0) return;
    std::uint8_t r[kCounterBytes];
    const std::uint32_t first = 2u * param_pages(t.port);
    s.pow.nvm_seq += 1u;
    const std::uint64_t q = static_cast<std::uint64_t>(s.soc.q_uAs);
    put32(r, kCounterMagic);
    put32(r + 8, s.pow.nvm_seq);
    put32(r + 12, static_cast<std::uint32_t>(q & 0xFFFFFFFFu));
    put32(r + 16, static_cast<std::uint32_t>(q >> 32));
    put32(r + 20, static_cast<std::uint32_t>(s.soc.known) | (static_cast<std::uint32_t>(s.prot.locked) << 1));
    put32(r + 24, s.soc.full_count);
    put32(r + 28, s.prot.scd_tries);
    for (std::uint32_t i = 0; i < kLatchN; ++i) put32(r + 32 + 4u * i, s.prot.counter[i]);
    put32(r + 4, crc32(r + 8, kCounterBytes - 8u));
    s.pow.save_us = s.now_us;
    s.soc.moved_uAs = 0;
    s.pow.save_trips = 0;
    for (std::uint32_t i = 0; i < kLatchN; ++i) s.pow.save_trips += s.prot.counter[i];
    const bool ok = write_pages(t.port, first + s.pow.nvm_seq % (t.port.nvm_page_count - first), r, kCounterBytes);
    if (!ok && s.pow.fault_nvm == 0) t.log(E::nvm, 1);
    s.pow.fault_nvm = ok ? 0 : 1;
}

void nvm_step(Step& t) {
    State& s = t.s;
    std::uint32_t trips = 0;
    for (std::uint32_t i = 0; i < kLatchN; ++i) trips += s.prot.counter[i];
    // A thousandth of the capacity in uAs: mAh * 3600 s * 1000 / 1000.
    const std::uint64_t thousandth_uAs = static_cast<std::uint64_t>(par(s, P::capacity_mAh)) * 3600u;
    const bool moved = s.now_us >= s.pow.save_us + kSaveEvery_us && s.soc.moved_uAs >= thousandth_uAs;
    if (trips != s.pow.save_trips || moved) nvm_save_counters(t);
}

}  // namespace bms
