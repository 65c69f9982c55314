// SPDX-License-Identifier: Apache-2.0
#include "backend/input/key_names.h"

#include <gtest/gtest.h>
#include <linux/input-event-codes.h>

namespace kelvin::backend {
namespace {

using Keys = std::vector<u16>;

TEST(KeyNames, AreLinuxsCodes) {
    EXPECT_EQ(*find_key("a"), KEY_A);
    EXPECT_EQ(*find_key("ret"), KEY_ENTER);
    EXPECT_EQ(*find_key("print"), KEY_SYSRQ);
    EXPECT_EQ(*find_key("less"), KEY_102ND);
    EXPECT_EQ(*find_key("f24"), KEY_F24);
    EXPECT_EQ(*find_key(0x1e), KEY_A);
    for (const KeyName& key : key_names()) {
        EXPECT_EQ(*find_key(key.name), key.code) << key.name;
    }
}

TEST(KeyNames, SeveralTogether) {
    EXPECT_EQ(*read_keys("ctrl-alt-delete"), (Keys{KEY_LEFTCTRL, KEY_LEFTALT, KEY_DELETE}));
    EXPECT_EQ(*read_keys("shift-minus"), (Keys{KEY_LEFTSHIFT, KEY_MINUS}));
    EXPECT_EQ(*read_keys("0x1e"), (Keys{KEY_A}));
}

TEST(KeyNames, MistakesAreNamed) {
    EXPECT_NE(read_keys("ctrl-alt-delet").error().message().find("did you mean 'delete'?"), std::string::npos);
    EXPECT_FALSE(read_keys(""));
    EXPECT_FALSE(read_keys("a-"));
    EXPECT_FALSE(read_keys("-a"));
    EXPECT_FALSE(read_keys("0x"));
    EXPECT_FALSE(read_keys("0x59"));
    EXPECT_FALSE(read_keys("0xfffffffffffffffff"));
    EXPECT_FALSE(find_key(i64{0}));
    EXPECT_FALSE(read_keys("a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a-a"));
}

}  // namespace
}  // namespace kelvin::backend
