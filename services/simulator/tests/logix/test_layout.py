from jidoka.simulator.logix import BOOL, DINT, INT, LINT, LREAL, REAL, SINT, STRING, Member, String, Struct
from jidoka.simulator.logix.layout import layout_of, size_of
from jidoka.simulator.logix.templates import Templates


def places(struct: Struct) -> dict[str, tuple[int, int | None]]:
    return {field.name: (field.offset, field.bit) for field in layout_of(struct).visible}


def test_consecutive_bools_share_a_hidden_byte_and_others_do_not() -> None:
    struct = Struct("S", [Member("A", BOOL), Member("B", BOOL), Member("N", SINT), Member("C", BOOL)])

    assert places(struct) == {"A": (0, 0), "B": (0, 1), "N": (1, None), "C": (2, 0)}
    assert [field.name for field in layout_of(struct).fields if field.hidden] == ["ZZZZZZZZZZS0", "ZZZZZZZZZZS4"]
    assert layout_of(struct).size == 4


def test_the_ninth_bool_opens_a_second_host() -> None:
    struct = Struct("S", [Member(f"B{bit}", BOOL) for bit in range(9)])

    assert places(struct)["B7"] == (0, 7)
    assert places(struct)["B8"] == (1, 0)


def test_members_are_aligned_to_their_size_and_arrays_to_four() -> None:
    struct = Struct(
        "S", [Member("A", SINT), Member("B", INT), Member("C", SINT), Member("D", SINT, 3), Member("E", REAL)]
    )

    assert [offset for offset, _ in places(struct).values()] == [0, 2, 4, 8, 12]
    assert layout_of(struct).size == 16


def test_a_64_bit_member_aligns_the_whole_structure_to_eight() -> None:
    inner = Struct("Inner", [Member("Flag", DINT), Member("Time", LINT)])
    outer = Struct("Outer", [Member("N", DINT), Member("In", inner, 2), Member("Last", LREAL), Member("Tail", SINT)])

    assert size_of(inner) == 16
    assert [offset for offset, _ in places(outer).values()] == [0, 8, 40, 48]
    assert size_of(outer) == 56


def test_strings_take_their_length_and_characters_in_whole_words() -> None:
    assert size_of(STRING) == 88
    assert size_of(String("S20", 20)) == 24
    assert size_of(String("S5", 5)) == 12


def test_a_template_lists_member_records_then_names_and_is_padded() -> None:
    struct = Struct(
        "Line_T", [Member("State", DINT), Member("Running", BOOL), Member("Faulted", BOOL), Member("Speed", DINT)]
    )
    templates = Templates()
    templates.add(struct)
    template = templates.of(struct)

    names = b"Line_T;nEBE@EBEBEB\0State\0ZZZZZZZZZZLine_T1\0Running\0Faulted\0Speed\0"
    assert template.members == 5
    assert template.size == 12
    assert (
        template.definition[:40].hex()
        == "0000c400000000000000c200040000000000c100040000000100c100040000000000c40008000000"
    )
    assert template.definition[40:].rstrip(b"\0") + b"\0" == names
    assert len(template.definition) == 4 * template.words - 20
