// Register facts of the DVC1124-2 analog front end, without policy. Source: chip reference manual V1.2 as
// tabulated in docs (register map, access classes, LSBs). Level unit of the comparators is voltage across the shunt.
#pragma once
#include <cstdint>

namespace bms::dvc {

inline constexpr std::uint8_t kAddrW = 0x40;
inline constexpr std::uint8_t kAddrR = 0x41;

// Registers
inline constexpr std::uint8_t kFlags = 0x00;  // W0C
inline constexpr std::uint8_t kState = 0x01;  // PD VADF CC1F CC2F CST
inline constexpr std::uint8_t kCc1 = 0x02;    // int16
inline constexpr std::uint8_t kCc2 = 0x04;    // int20, low nibble: driver flags
inline constexpr std::uint8_t kVtop = 0x07;
inline constexpr std::uint8_t kVct = 0x0D;
inline constexpr std::uint8_t kV1p8 = 0x0F;
inline constexpr std::uint8_t kGp1 = 0x11;
inline constexpr std::uint8_t kGp3 = 0x15;
inline constexpr std::uint8_t kGp4 = 0x17;
inline constexpr std::uint8_t kVc1 = 0x1D;
inline constexpr std::uint8_t kBlockLen = 0x4D;  // 0x00..0x4C
inline constexpr std::uint8_t kFet = 0x51;
inline constexpr std::uint8_t kCfg = 0x52;  // first of the configuration
inline constexpr std::uint8_t kCfgEnd = 0x7A;
inline constexpr std::uint8_t kCow = 0x6D;
inline constexpr std::uint8_t kIwt = 0x77;
inline constexpr std::uint8_t kFrt = 0x7E;
inline constexpr std::uint32_t kCfgN = 0x7A - 0x51;  // 41 registers 0x51..0x79

// 0x00
inline constexpr std::uint8_t kFlagIwt = 0x80, kFlagCov = 0x40, kFlagCuv = 0x20, kFlagOcd1 = 0x10, kFlagOcc1 = 0x08,
                              kFlagOcd2 = 0x04, kFlagOcc2 = 0x02, kFlagScd = 0x01;
// 0x01
inline constexpr std::uint8_t kVadf = 0x40, kCc1f = 0x20, kCc2f = 0x10, kCstMask = 0x0F, kCstSleep = 0x0E;
// low nibble of 0x06
inline constexpr std::uint8_t kDsgf = 0x02, kChgf = 0x01;
// 0x51: drive codes of CHGC (bits 1:0) and DSGC (bits 3:2)
inline constexpr std::uint8_t kDriveOff = 0, kDriveAuto = 2, kDriveOn = 3;
// 0x55, 0x6D
inline constexpr std::uint8_t kCamz = 0x01, kCowBit = 0x04;
// 0x77
inline constexpr std::uint8_t kIwt4s = 4;

// LSBs
inline constexpr std::int32_t kScdStep_uV = 10000, kOc2Step_uV = 4000, kOc1Step_uV = 250, kCwtStep_uV = 10,
                              kBdpStep_uV = 40;
inline constexpr std::int32_t kScdDelayStep_cus = 781;  // 7.81 us in hundredths of a microsecond
inline constexpr std::int32_t kVtopLsb_100uV = 128;     // 12.8 mV

}  // namespace bms::dvc
