// The core's hash: 64 bits over a canonical stream of what a core put out. Host and target agree to the bit.
//
// Stream: 32-bit words. A field of 8 or 16 bits is widened with zeros, 64 bits are low word then high word, a
// byte string is its length and then words of four bytes, little-endian, the last one zero-filled. Nothing of a
// struct's layout enters. Mixing: h = (h ^ w) * K, h ^= h >> 29 per word (K odd, so no word is lost),
// splitmix64 finisher on read. Not cryptographic.
#ifndef BMS_HASH_HPP
#define BMS_HASH_HPP

#include <bms/core_api.h>

#include <cstdint>

namespace bms {

class CoreHash {
public:
    // One 32-bit word into the stream.
    constexpr void word(std::uint32_t w) noexcept {
        h_ = (h_ ^ w) * 0x9E3779B97F4A7C15ull;
        h_ ^= h_ >> 29;
    }

    constexpr void word64(std::uint64_t w) noexcept {
        word(static_cast<std::uint32_t>(w & 0xFFFFFFFFull));
        word(static_cast<std::uint32_t>(w >> 32));
    }

    constexpr void bytes(const std::uint8_t* p, std::uint32_t n) noexcept {
        word(n);
        std::uint32_t i = 0;
        for (; i + 4u <= n; i += 4u) {
            word(static_cast<std::uint32_t>(p[i]) | (static_cast<std::uint32_t>(p[i + 1u]) << 8) |
                 (static_cast<std::uint32_t>(p[i + 2u]) << 16) | (static_cast<std::uint32_t>(p[i + 3u]) << 24));
        }
        if (i < n) {
            std::uint32_t w = 0;
            for (std::uint32_t k = 0; i + k < n; ++k) w |= static_cast<std::uint32_t>(p[i + k]) << (8u * k);
            word(w);
        }
    }

    // Everything one step put out, at the time it was called. Lengths beyond the arrays are cut (a broken core).
    void step(std::uint64_t now_us, const bms_out& out) noexcept {
        word64(now_us);
        word64(out.next_wake_us);
        word(out.gpio);
        word(static_cast<std::uint32_t>(out.bal_from) | (static_cast<std::uint32_t>(out.bal_to) << 8) |
             (static_cast<std::uint32_t>(out.bal_mA) << 16));
        const std::uint32_t n_seg = out.xfer_n_seg > BMS_SEG_MAX ? BMS_SEG_MAX : out.xfer_n_seg;
        word(static_cast<std::uint32_t>(out.power) | (n_seg << 8));
        if (n_seg != 0) {
            word(out.xfer_id);
            for (std::uint32_t i = 0; i < n_seg; ++i) {
                const bms_segment& s = out.xfer_seg[i];
                word(static_cast<std::uint32_t>(s.flags) | (static_cast<std::uint32_t>(s.addr) << 8) |
                     (static_cast<std::uint32_t>(s.len) << 16));
            }
            bytes(out.xfer_tx, out.xfer_n_tx > BMS_XFER_BYTES ? BMS_XFER_BYTES : out.xfer_n_tx);
        }
        links(out);
    }

    // The hash of the stream so far; the stream may go on.
    [[nodiscard]] constexpr std::uint64_t value() const noexcept {
        std::uint64_t z = h_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
        return z ^ (z >> 31);
    }

    // Raw state, for snapshots: CoreHash(h.raw()) continues the stream.
    [[nodiscard]] constexpr std::uint64_t raw() const noexcept { return h_; }
    constexpr CoreHash() = default;
    constexpr explicit CoreHash(std::uint64_t raw) noexcept : h_(raw) {}

private:
    void links(const bms_out& out) noexcept {
        if (out.uart_tx_n != 0) {
            bytes(out.uart_tx, out.uart_tx_n > BMS_UART_BYTES ? BMS_UART_BYTES : out.uart_tx_n);
        }
        const std::uint32_t n_can = out.can_tx_n > BMS_CAN_FRAMES ? BMS_CAN_FRAMES : out.can_tx_n;
        for (std::uint32_t i = 0; i < n_can; ++i) {
            word(out.can_tx[i].id);
            bytes(out.can_tx[i].data, out.can_tx[i].len > 8 ? 8 : out.can_tx[i].len);
        }
    }

    std::uint64_t h_ = 0x243F6A8885A308D3ull;
};

}  // namespace bms
#endif
