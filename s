file,record,line,byte,reason,raw
2,2,2,1,'y' after a closing quote,"""x""y"
