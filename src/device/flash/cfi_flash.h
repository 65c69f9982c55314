// SPDX-License-Identifier: Apache-2.0
// A bank of NOR flash with the Common Flash Interface (JESD68) and Intel's command set 0x0001: two 16-bit chips side by
// side on a 32-bit bus, as firmware for Arm boards expects.
#pragma once

#include <array>
#include <memory>
#include <vector>

#include "backend/flash/flash_image.h"
#include "base/result.h"
#include "base/wire.h"
#include "bus/word_registers.h"
#include "memory/address_map.h"
#include "state/option_types.h"

namespace kelvin::device {

/// Used under the region's lock. Commands go to both chips at once: the low chip's half of a word decides.
/// The chips are busy until what was programmed or erased is in the image: what a guest was told is done survives.
class CfiFlash final : public bus::WordRegisters {
  public:
    static constexpr u64 kSectorSize = 256 << 10;
    static constexpr u32 kBufferWords = 1024;  ///< of the write buffer, both chips together

    enum class Mode : u8 {
        array,
        status,
        identifier,
        query,
        program_data,   ///< the next write is the word to program
        erase_confirm,  ///< the next write must confirm
        lock_command,   ///< the next write says what to do with the sector's lock
        buffer_count,   ///< the next write says how many words follow
        buffer_data,
        buffer_confirm,
    };
    static constexpr u64 kPageSize = 4096;
    struct Page {
        u64 offset = 0;
        std::vector<u8> bytes = {};  ///< kPageSize of them

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("offset", offset);
            visit("bytes", bytes);
        }
    };
    struct State {
        Mode mode = Mode::array;
        u8 status = 0x80;
        u64 address = 0;  ///< of the command in progress
        u32 words_left = 1;
        std::array<u32, kBufferWords> buffer{};  ///< what to program; all ones elsewhere
        std::vector<Page> content = {};          ///< of a bank without an image: what is not erased, ascending

        template <class Visitor>
        void fields(Visitor& visit) {
            visit("mode", mode);
            visit("status", status);
            visit("address", address);
            visit("words_left", words_left);
            visit("buffer", buffer);
            visit("content", content);
        }
    };

    /// An erased bank of `size` bytes, a power of two of at least 1 MiB; memory is used for what is programmed only.
    static Result<CfiFlash> erased(u64 size, Wire array_mode);
    /// A bank that begins with what `image` holds and is zero behind that; `size` is subject to the same rule.
    /// Programming changes the image, unless it is read-only; then the bank is, too. `image` must outlive the bank.
    static Result<CfiFlash> of_image(u64 size, backend::FlashImage& image, Wire array_mode);
    ~CfiFlash() override;
    CfiFlash(CfiFlash&&) noexcept;

    u64 size() const { return content_.size(); }
    /// What loads may read directly while the wire given for `array_mode` is high, as it is at first; null if they may
    /// never.
    u8* direct_content() const { return inverted_ == 0 ? content_.data() : nullptr; }

    void reset();
    State save() const;
    void restore(const State& state);

  private:
    class Keeping;
    CfiFlash(memory::RamBlock content, backend::FlashImage* image, Wire array_mode);

    u32 read_word(u64 offset) override;
    void write_word(u64 offset, u32 value, u32 mask) override;

    void restore_content(const std::vector<Page>& pages);
    void enter(Mode mode);
    void command(u64 offset, u8 code);
    void finish_erase(u8 code);
    void take_buffer_count(u16 count);
    void take_buffer_word(u64 offset, u32 value, u32 mask);
    void finish_buffer(u8 code);
    bool may_program(u8 error);
    void program(u64 offset, u32 value);
    void keep(u64 offset, u64 size, u8 error);
    u8 status();
    void fail(u8 status_bits);
    u8 identifier(u64 offset) const;
    u8 query(u64 offset) const;

    memory::RamBlock content_;
    u32 inverted_;  // all ones if `content_` holds the complement, so that untouched memory is erased flash
    backend::FlashImage* image_;
    std::unique_ptr<Keeping> keeping_;
    Wire array_mode_;
    State state_;
};

std::span<const state::EnumName<CfiFlash::Mode>> enum_names(CfiFlash::Mode);
inline std::string_view enum_type_name(CfiFlash::Mode) {
    return "CfiFlashMode";
}

}  // namespace kelvin::device
