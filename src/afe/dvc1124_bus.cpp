// SPDX-License-Identifier: Apache-2.0
// The I2C slave: address, pointer, CRC after every data byte, 64 ms timeout from the START of a transaction.
#include "afe/crc8.hpp"
#include "afe/dvc1124.hpp"
#include "base/math.hpp"

namespace twin::afe {

using namespace dvc;
using base::k_ms;
using base::k_never_ns;

namespace {

enum Phase : std::uint8_t { ph_idle = 0, ph_pointer, ph_data, ph_crc, ph_read_data, ph_read_crc, ph_ignore };

constexpr Time_ns k_timeout_ns = 64 * k_ms;

constexpr std::uint8_t next_address(std::uint8_t a) {
    return a >= k_last ? std::uint8_t{0} : static_cast<std::uint8_t>(a + 1);
}

std::uint8_t half(std::int64_t code, bool low) {
    return static_cast<std::uint8_t>(static_cast<std::uint64_t>(low ? code : code >> 8) & 0xFFU);
}

}  // namespace

bool Dvc1124::bus_start(Time_ns t, std::uint8_t address_byte) {
    const bool mine = address_byte == k_addr_write || address_byte == k_addr_read;
    if (s_.mode == static_cast<std::uint8_t>(Mode::sleep)) {
        wake(t, c_woke_i2c);  // any START wakes; this transfer gets no answer
        refresh(t);
        s_.bus_phase = ph_ignore;
        s_.bus_start_ns = t;
        if (mine) s_.n_nack += 1;
        return false;
    }
    if (s_.bus_phase != ph_idle && t - s_.bus_start_ns > k_timeout_ns) {
        s_.n_timeout += 1;
        s_.bus_phase = ph_idle;
    }
    const bool repeated = s_.bus_phase != ph_idle;
    const std::uint8_t before = s_.bus_phase;
    if (!repeated) s_.bus_start_ns = t;
    if (!working() || t < s_.ready_ns || !mine) {
        s_.bus_phase = ph_ignore;
        if (mine && alive()) s_.n_nack += 1;
        return false;
    }
    if (s_.iwt_ns != k_never_ns || s_.iwts != 0) {
        s_.iwt_ns = watchdog_deadline(t);
        if (s_.iwts != 0) {
            s_.iwts = 0;
            refresh(t);
        }
    }
    if (address_byte == k_addr_write) {
        s_.bus_crc = crc8(0, k_addr_write);
        s_.bus_phase = ph_pointer;
    } else {
        // The first CRC covers (SA+W, RA, SA+R, D0) when the pointer was just written, else (SA+R, D0).
        s_.bus_crc = crc8(repeated && before == ph_data ? s_.bus_crc : std::uint8_t{0}, k_addr_read);
        s_.bus_phase = ph_read_data;
    }
    return true;
}

bool Dvc1124::bus_write(Time_ns t, std::uint8_t byte) {
    if (s_.bus_phase != ph_idle && t - s_.bus_start_ns > k_timeout_ns) {
        s_.n_timeout += 1;
        s_.bus_phase = ph_idle;
    }
    if (!working()) return false;
    switch (s_.bus_phase) {
        case ph_pointer:
            if (byte > k_last_start) {
                s_.bus_phase = ph_ignore;
                s_.n_nack += 1;
                return false;
            }
            s_.bus_pointer = byte;
            s_.bus_crc = crc8(s_.bus_crc, byte);
            s_.bus_phase = ph_data;
            return true;
        case ph_data:
            s_.bus_byte = byte;
            s_.bus_crc = crc8(s_.bus_crc, byte);
            s_.bus_phase = ph_crc;
            return true;
        case ph_crc: {
            if (byte != s_.bus_crc) {
                s_.n_crc_error += 1;
                s_.n_nack += 1;
                s_.bus_phase = ph_ignore;
                return false;
            }
            const std::uint8_t address = s_.bus_pointer;
            s_.bus_pointer = next_address(address);
            s_.bus_crc = 0;  // the next byte has a CRC of its own; a read after data starts anew as well
            s_.bus_phase = ph_data;
            write_register(t, address, s_.bus_byte);
            refresh(t);
            return true;
        }
        default:
            if (s_.bus_phase == ph_ignore) s_.n_nack += 1;
            return false;
    }
}

std::uint8_t Dvc1124::bus_read(Time_ns t) {
    if (s_.bus_phase != ph_idle && t - s_.bus_start_ns > k_timeout_ns) {
        s_.n_timeout += 1;
        s_.bus_phase = ph_idle;
    }
    if (!working()) return 0xFF;
    if (s_.bus_phase == ph_read_crc) {
        const std::uint8_t crc = s_.bus_crc;
        s_.bus_crc = 0;
        s_.bus_phase = ph_read_data;
        return crc;
    }
    if (s_.bus_phase != ph_read_data) return 0xFF;
    const std::uint8_t address = s_.bus_pointer;
    keep_conversion(address);
    const std::uint8_t value = peek(address);
    if (address == r_state) s_.done = 0;
    if (address == r_cot) s_.cotf = 0;
    s_.bus_crc = crc8(s_.bus_crc, value);
    s_.bus_pointer = next_address(address);
    s_.bus_phase = ph_read_crc;
    return value;
}

void Dvc1124::bus_stop(Time_ns t) {
    s_.bus_phase = ph_idle;
    if (!working()) return;
    if (s_.cst == c_wait_sleep)
        enter_sleep(t);
    else if (s_.cst == c_wait_shutdown)
        enter_shutdown(t);
    else
        return;
    refresh(t);
}

/// Keeps the code of a conversion that is being read, so that its second byte costs nothing.
void Dvc1124::keep_conversion(std::uint8_t address) {
    if ((address == r_cc1 || address == r_cc1 + 1) && s_.cc1_valid != 0 && s_.cc1_fresh == 0) {
        s_.cc1_code = cc1_convert(s_.cc1_mean_V, s_.cc1_last_index, s_.cc1_last_period_ns, s_.cc1_last_cvos);
        s_.cc1_fresh = 1;
    } else if (address >= r_cc2 && address < r_vtop && s_.cc2_valid != 0 && s_.cc2_fresh == 0) {
        s_.cc2_code = cc2_convert();
        s_.cc2_fresh = 1;
    } else if (address >= r_vtop && address < r_vvos) {
        const int slot = (address - r_vtop) / 2;
        if (s_.valid[slot] != 0 && s_.fresh[slot] == 0) {
            s_.code[slot] = slot_convert(slot);
            s_.fresh[slot] = 1;
        }
    }
}

std::uint8_t Dvc1124::peek(std::uint8_t address) const {
    if (address > k_last) return 0xFF;
    if (s_.mode == static_cast<std::uint8_t>(Mode::off) || s_.mode == static_cast<std::uint8_t>(Mode::dead)) return 0;
    if (address == r_flags) return s_.flags;
    if (address == r_state) return static_cast<std::uint8_t>(s_.done | s_.cst);
    if (address == r_cc1 || address == r_cc1 + 1) {
        if (s_.cc1_valid == 0) return 0;
        const std::int64_t code =
            s_.cc1_fresh != 0 ? s_.cc1_code
                              : cc1_convert(s_.cc1_mean_V, s_.cc1_last_index, s_.cc1_last_period_ns, s_.cc1_last_cvos);
        return half(code, address != r_cc1);
    }
    if (address >= r_cc2 && address < r_vtop) {
        const std::int64_t code = s_.cc2_valid == 0 ? 0 : (s_.cc2_fresh != 0 ? s_.cc2_code : cc2_convert());
        if (address == r_cc2) return half(code >> 4, false);
        if (address == r_cc2 + 1) return half(code >> 4, true);
        return static_cast<std::uint8_t>((static_cast<unsigned>(half(code, true) & 0x0FU) << 4) | s_.gates);
    }
    if (address >= r_vtop && address < r_vvos) {
        const int slot = (address - r_vtop) / 2;
        if (s_.valid[slot] == 0) return 0;
        const std::int64_t code = s_.fresh[slot] != 0 ? s_.code[slot] : slot_convert(slot);
        return half(code, ((address - r_vtop) & 1) != 0);
    }
    if (address == r_vvos || address == r_vvos + 1) return 0;  // factory value of this specimen: none
    if (address == r_cvos || address == r_cvos + 1) return half(s_.cvos_code, address != r_cvos);
    std::uint8_t v = s_.reg[address];
    if (address == r_cadc && s_.camz_end_ns != k_never_ns) v = static_cast<std::uint8_t>(v | 0x01);
    if (address == r_cfg && s_.cow != 0) v = static_cast<std::uint8_t>(v | 0x04);
    if (address == r_cot && s_.cotf != 0) v = static_cast<std::uint8_t>(v | 0x80);
    if (address == r_iwt && s_.iwts != 0) v = static_cast<std::uint8_t>(v | (1U << p_.iwts_bit));
    if (address == r_twse && s_.tiwk != 0) v = static_cast<std::uint8_t>(v | 0x80);
    return v;
}

}  // namespace twin::afe
