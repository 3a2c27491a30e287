// Which MOSFET may be on, how it is switched on (precharge), and the lamps.
//
// Each direction is on, automatic or off. "Automatic" leaves a blocked MOSFET to the AFE, which closes it while its
// body diode would carry current of the allowed direction (diode emulation); it is used when only this direction is
// blocked by a limit or a switch. Faults of wiring, front end or heat, and a short circuit, are hard: off.
#pragma once
#include "core/state.hpp"

namespace bms {

// Reasons in Fets::block_chg and block_dsg
enum Block : std::uint32_t {
    kBlockStart = 1u << 0,  // not yet qualified
    kBlockWire = 1u << 1,
    kBlockRange = 1u << 2,
    kBlockCount = 1u << 3,
    kBlockAfe = 1u << 4,
    kBlockHot = 1u << 5,     // MOSFET temperature
    kBlockSpread = 1u << 6,  // cell voltage difference
    kBlockNtc = 1u << 7,
    kBlockSwitch = 1u << 8,
    kBlockVoltage = 1u << 9,
    kBlockCurrent = 1u << 10,
    kBlockTemp = 1u << 11,
    kBlockShort = 1u << 12,
    kBlockPre = 1u << 13,
    kBlockFlag = 1u << 14,  // a latched flag of the AFE is still to be cleared
};
inline constexpr std::uint32_t kBlockHard = kBlockStart | kBlockWire | kBlockRange | kBlockCount | kBlockAfe |
                                            kBlockHot | kBlockSpread | kBlockShort | kBlockPre | kBlockFlag;

// Decides drive codes, runs the precharge, checks that the drivers follow.
void fets_step(Step& t);
// gpio outputs of the present state
std::uint32_t fets_gpio(const State& s);
// Wake-up the precharge needs.
std::uint64_t fets_next_us(const State& s);

}  // namespace bms
