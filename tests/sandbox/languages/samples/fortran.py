"""Programs in Fortran."""

from tests.sandbox.languages.samples import Samples

_ADD = """\
program main
    implicit none
    integer :: a, b
    read *, a, b
    print '(i0)', a {} b
end program main
"""

SAMPLES = Samples(
    language="fortran",
    hello="program main\n    print '(a)', 'hello'\nend program main\n",
    add=_ADD.format("+"),
    subtract=_ADD.format("-"),
    compile_error="program main\n    print '(a)', missing(\nend program main\n",
    runtime_error="""\
program main
    print '(a)', 'before'
    error stop 'it cannot go on'
end program main
""",
    forever="""\
program main
    integer, volatile :: i
    i = 0
    do
        i = 1 - i
    end do
end program main
""",
    memory="""\
program main
    type piece
        integer(8), allocatable :: words(:)
    end type piece
    type(piece) :: pieces(100000)
    integer :: i
    do i = 1, 100000
        allocate (pieces(i)%words(131072))
        pieces(i)%words = i
    end do
    print *, pieces(17)%words(5)
end program main
""",
    flood="""\
program main
    implicit none
    integer :: left, now
    character(len=65536) :: piece
    piece = repeat('x', 65536)
    read *, left
    do while (left > 0)
        now = min(left, 65536)
        write (*, '(a)', advance='no') piece(1:now)
        left = left - now
    end do
end program main
""",
    unicode="""\
program main
    character(len=1000) :: line
    read '(a)', line
    print '(a)', 'Grüße, '//trim(line)//' 🙂'
end program main
""",
    child="""\
program main
    call execute_command_line('sleep 60 &')
    print '(a)', 'started'
end program main
""",
)
