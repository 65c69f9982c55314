// SPDX-License-Identifier: Apache-2.0
// Prints the host code of guest code, the same on every machine.
//
//   codegen CHAPTER.s IMAGE OUT.txt OUT.cold.txt
//
// CHAPTER.s is assembly, a case for each label that is not a number, and has no pseudo-instruction that makes more than
// one word; IMAGE is what an assembler made of it. `// el1` as a line: what follows runs at EL1. Each case is
// translated from its start, then from where that ended, until all of it is. The first file gets the code that runs
// always, the second what runs seldom.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "accel/translator/host_listing.h"
#include "ir/pass/pass.h"
#include "lift/arm64/lifter.h"
#include "lift/arm64/translate.h"

namespace kelvin {

namespace {

constexpr unsigned kPage = 4096;
/// Of each case in its page, so that branches can leave it both ways.
constexpr unsigned kStart = 0x400;
constexpr std::size_t kStubBytes = 64 << 10;
constexpr std::size_t kCodeBytes = 64 << 10;

struct Case {
    std::string name;
    bool el1 = false;
    std::vector<std::string> lines;  ///< of assembly, local labels too
    std::size_t first_word = 0;
    std::size_t words = 0;
};

std::string strip(std::string line) {
    line.resize(std::min(line.size(), line.find("//")));
    line.erase(line.find_last_not_of(" \t") + 1);
    return line.substr(std::min(line.size(), line.find_first_not_of(" \t")));
}

std::vector<Case> parse(std::istream& source) {
    std::vector<Case> cases;
    std::size_t word = 0;
    bool el1 = false;
    for (std::string line; std::getline(source, line);) {
        el1 = el1 || line == "// el1";
        line = strip(line);
        if (line.empty() || line[0] == '.') {
            continue;
        }
        const bool label = line.back() == ':';
        if (label && std::isdigit(static_cast<unsigned char>(line[0])) == 0) {
            cases.push_back({line.substr(0, line.size() - 1), el1, {}, word, 0});
            continue;
        }
        cases.back().lines.push_back(label ? line : "    " + line);
        if (!label) {
            cases.back().words++;
            word++;
        }
    }
    return cases;
}

/// A common processor of the years since 2013, whatever this one is. (The disassembler does not know all of AVX-512.)
x64::HostFeatures listed_host() {
    x64::HostFeatures features;
    features.v3 = true;
    features.aes = true;
    features.pclmul = true;
    return features;
}

/// Nothing is ever run, so the C++ behind the code need not be there: only its addresses must differ.
x64::RuntimeCalls no_calls() {
    using Call = u64 (*)(x64::Runtime*, u64, u32);
    const auto call = [](unsigned number) { return reinterpret_cast<Call>(u64{0x100000} + number); };
    return {call(0), call(1), call(2), call(3), call(4), call(5), call(6)};
}

std::string gpr_name(x64::Gpr reg) {
    constexpr const char* kNames[] = {"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
                                      "r8",  "r9",  "r10", "r11", "r12", "r13", "r14", "r15"};
    return kNames[x64::number(reg)];
}

class Generator {
  public:
    Generator()
        : memory_(kStubBytes + kCodeBytes),
          model_(arm64::find_model("max", {}).value()),
          decoder_(model_.features),
          backend_(arm64::guest_desc(), no_calls(), {memory_.data(), memory_.data() + kStubBytes, 0}, listed_host()),
          listing_(backend_) {}

    /// Where the guest's hottest registers always are.
    std::string pins() const {
        std::string text;
        const ir::GuestDesc& guest = arm64::guest_desc();
        for (const auto& [slots, name] :
             {std::pair{guest.integer_by_heat, true}, std::pair{guest.vector_by_heat, false}}) {
            text += "#";
            for (const u8 slot : slots) {
                if (backend_.pins().is_pinned(slot)) {
                    text += fmt::format(" {}={}", guest.slots[slot].name,
                                        name ? gpr_name(backend_.pins().gpr(slot))
                                             : fmt::format("xmm{}", x64::number(backend_.pins().xmm(slot))));
                }
            }
            text += "\n";
        }
        return text + "\n";
    }

    struct Texts {
        std::string hot, cold;
    };
    Texts generate(const Case& wanted, const u8* code) {
        std::vector<u8> page(kPage);
        std::memcpy(page.data() + kStart, code, wanted.words * 4);
        Texts texts;
        unsigned hot = 0, cold = 0;
        for (unsigned done = 0; done < wanted.words;) {
            const translator::HostListing::Parts parts = region(wanted.el1, page, done, wanted.words);
            for (std::string* text : {&texts.hot, &texts.cold}) {
                *text += done == 0 ? "" : fmt::format("  from +{:#x}:\n", 4 * done);
            }
            texts.hot += parts.hot.text;
            texts.cold += parts.cold.text;
            hot += parts.hot.instructions;
            cold += parts.cold.instructions;
            done += lifted_;
        }
        const std::string guest = fmt::format("{}\n", fmt::join(wanted.lines, "\n"));
        texts.hot =
            fmt::format("== {}: guest {}, host {}\n{}--\n{}\n", wanted.name, wanted.words, hot, guest, texts.hot);
        texts.cold = fmt::format("== {}: guest {}, host {}\n{}\n", wanted.name, wanted.words, cold, texts.cold);
        return texts;
    }

  private:
    translator::HostListing::Parts region(bool el1, const std::vector<u8>& page, unsigned done, std::size_t words) {
        arm64::Mode mode;
        mode.bits = arm64::Mode::kMmu | arm64::Mode::kStackAlign | (el1 ? 1 | arm64::Mode::kSpSel : 0);
        const unsigned most = static_cast<unsigned>(words) - done;
        lifted_ = arm64::lift_region(region_, decoder_, model_, mode, page, kStart + 4 * done, {most}) / 4;
        pass::PassSet::all().run(region_, scratch_);
        u8* const code = memory_.data() + kStubBytes;
        const x64::CompiledRegion compiled = backend_.compile(region_, {code, memory_.data() + memory_.size(), 0}, 1);
        KELVIN_ASSERT(compiled.size != 0);
        return listing_.list(region_, compiled, code, code);
    }

    std::vector<u8> memory_;
    const arm64::Model model_;
    arm64::Decoder decoder_;
    x64::Backend backend_;
    translator::HostListing listing_;
    ir::Region region_;
    pass::Scratch scratch_;
    unsigned lifted_ = 0;  ///< words, by the last region()
};

int run(const char* source, const char* image, const char* hot, const char* cold) {
    std::ifstream text(source);
    std::ifstream binary(image, std::ios::binary);
    const std::vector<char> words{std::istreambuf_iterator<char>(binary), {}};
    const std::vector<Case> cases = parse(text);
    const std::size_t count = cases.empty() ? 0 : cases.back().first_word + cases.back().words;
    if (count == 0 || words.size() != 4 * count) {
        std::cerr << source << ": " << count << " instructions, but " << words.size() << " bytes of code\n";
        return 1;
    }
    Generator generator;
    std::ofstream hot_file(hot), cold_file(cold);
    hot_file << generator.pins();
    for (const Case& wanted : cases) {
        const Generator::Texts texts =
            generator.generate(wanted, reinterpret_cast<const u8*>(words.data()) + 4 * wanted.first_word);
        hot_file << texts.hot;
        cold_file << texts.cold;
    }
    return hot_file.good() && cold_file.good() ? 0 : 1;
}

}  // namespace

}  // namespace kelvin

int main(int argc, char** argv) {
    if (argc != 5) {
        std::cerr << "usage: codegen CHAPTER.s IMAGE OUT.txt OUT.cold.txt\n";
        return 2;
    }
    return kelvin::run(argv[1], argv[2], argv[3], argv[4]);
}
